#include "mcu/transport/tcp_line.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace mcu {

using common::ErrorCode;
using common::Result;

namespace {

// Half a second of a good picture: beyond it, dropping hurts less than waiting. The kernel doubles
// it for its own book-keeping.
constexpr int kSendBytes = 1 << 16;
constexpr int kReadsPerWake = 4;
constexpr int kAcceptsPerWake = 4;
constexpr int kBacklog = 8;
constexpr common::Duration kLookAgain = std::chrono::seconds(1);

// Wishes: a system that refuses one still carries media.
void set_option(int fd, int level, int name, int value) {
    (void)setsockopt(fd, level, name, &value, sizeof(value));
}

// One call: sends `bytes` in order, without waiting and without SIGPIPE. 0: no room, or gone.
std::size_t send_some(int fd, std::span<iovec> bytes) {
    msghdr message{};
    message.msg_iov = bytes.data();
    message.msg_iovlen = bytes.size();
    const ssize_t sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

}  // namespace

TcpLine::TcpLine(int fd, const SocketAddress& peer, NetThread& net, TcpLineReader& reader)
    : fd_(fd), peer_(peer), net_(net), reader_(reader) {
    net_thread_.check();
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, kSendBytes);
    net_.watch(fd_, *this);
}

TcpLine::~TcpLine() {
    net_thread_.check();
    net_.unwatch(fd_);
    close(fd_);
}

bool TcpLine::flush_rest() {
    if (rest_.empty()) return true;
    iovec rest{rest_.data(), rest_.size()};
    const std::size_t sent = send_some(fd_, std::span(&rest, 1));
    rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(sent));
    return rest_.empty();
}

std::size_t TcpLine::send(std::span<const std::span<const std::uint8_t>> datagrams) {
    net_thread_.check();
    std::size_t taken = 0;
    for (const std::span<const std::uint8_t> datagram : datagrams) {
        if (datagram.size() > UINT16_MAX || !flush_rest()) break;
        std::array<std::uint8_t, kFrameHeaderBytes> header{
            static_cast<std::uint8_t>(datagram.size() >> 8U),
            static_cast<std::uint8_t>(datagram.size() & 0xffU)};
        // sendmsg only reads; its C signature cannot say so.
        std::array<iovec, 2> frame{{{header.data(), header.size()},
                                    {const_cast<std::uint8_t*>(datagram.data()), datagram.size()}}};
        const std::size_t sent = send_some(fd_, frame);
        if (sent == 0) break;
        if (sent < header.size() + datagram.size()) {
            rest_.assign(header.begin(), header.end());
            rest_.insert(rest_.end(), datagram.begin(), datagram.end());
            rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(sent));
        }
        ++taken;
    }
    counters_.datagrams_out += taken;
    counters_.send_errors += datagrams.size() - taken;
    return taken;
}

TcpLine::Read TcpLine::read_once() {
    const std::span<std::uint8_t> room = frames_.room();
    const ssize_t got = recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? Read::Nothing : Read::Over;
    if (got == 0) return Read::Over;
    frames_.wrote(static_cast<std::size_t>(got));
    const common::Timestamp arrival = net_.clock().now();
    while (const auto frame = frames_.next()) {
        ++counters_.datagrams_in;
        reader_.on_line_datagram(*this, {*frame, peer_, arrival});
    }
    return frames_.broken() ? Read::Over : Read::More;
}

void TcpLine::on_readable() {
    net_thread_.check();
    // What is left of a few reads makes the descriptor ready again: a flood must not starve others.
    for (int round = 0; round < kReadsPerWake; ++round) {
        const Read read = read_once();
        if (read == Read::Over) return reader_.on_line_closed(*this);
        if (read == Read::Nothing) return;
    }
}

Result<std::unique_ptr<TcpListener>> TcpListener::open(const SocketAddress& local) {
    const auto error = [&](int number) {
        return tl::unexpected(
            common::Error{number == EADDRINUSE ? ErrorCode::AlreadyExists : ErrorCode::Io,
                          "open TCP port " + local.to_string() + ": " + std::strerror(number)});
    };
    const int fd =
        socket(local.is_ipv6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return error(errno);
    if (local.is_ipv6()) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    // Connections of the one before us that still linger in the kernel are no reason to refuse.
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(fd, local.native(), local.native_bytes()) != 0 || listen(fd, kBacklog) != 0) {
        const int number = errno;
        close(fd);
        return error(number);
    }
    return std::unique_ptr<TcpListener>(new TcpListener(fd));
}

TcpListener::~TcpListener() {
    if (net_ != nullptr) net_->unwatch(fd_);
    close(fd_);
}

void TcpListener::attach(NetThread& net, TcpAcceptor& acceptor) {
    net_ = &net;
    acceptor_ = &acceptor;
    look_again_.emplace(net, [this] { net_->watch(fd_, *this); });
    net.watch(fd_, *this);
}

void TcpListener::on_readable() {
    for (int i = 0; i < kAcceptsPerWake; ++i) {
        sockaddr_storage peer{};
        socklen_t bytes = sizeof(peer);
        const int fd =
            accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &bytes, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            // It stays ready: without descriptors the thread would look all the time.
            if (errno == EMFILE || errno == ENFILE) {
                net_->unwatch(fd_);
                look_again_->start_at(net_->clock().now() + kLookAgain);
            }
            return;  // else none is left, or it was gone before we looked
        }
        acceptor_->on_connection(
            fd, SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&peer)));
    }
}

}  // namespace mcu

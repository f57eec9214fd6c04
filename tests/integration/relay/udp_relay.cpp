#include "tests/integration/relay/udp_relay.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

namespace tests {

using common::ErrorCode;
using common::Result;
using mcu::SocketAddress;

namespace {

constexpr std::uint64_t kFlowBit = std::uint64_t{1} << 32;
constexpr std::uint64_t kAlsoBit = std::uint64_t{1} << 33;
constexpr int kReceiveBytes = 1 << 20;
constexpr int kMostReadsPerWake = 256;

Result<int> open_socket(const std::string& address, std::uint16_t port) {
    auto local = SocketAddress::parse(address, port);
    if (!local) return tl::unexpected(local.error());
    const int fd =
        socket(local->is_ipv6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return common::fail(ErrorCode::Io, std::strerror(errno));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof(kReceiveBytes));
    if (bind(fd, local->native(), local->native_bytes()) != 0) {
        const int error = errno;
        close(fd);
        return common::fail(ErrorCode::Io, local->to_string() + ": " + std::strerror(error));
    }
    return fd;
}

void watch(int epoll, int fd, std::uint64_t name) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = name;
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// Reads what waits, up to a bound: `take(datagram, from)`.
template <typename Take>
void read_all(int fd, Take take) {
    std::array<std::uint8_t, 65536> buffer;
    for (int i = 0; i < kMostReadsPerWake; ++i) {
        sockaddr_storage from{};
        socklen_t from_bytes = sizeof(from);
        auto* native = reinterpret_cast<sockaddr*>(&from);  // NOLINT: the socket API's shape
        const ssize_t got = recvfrom(fd, buffer.data(), buffer.size(), 0, native, &from_bytes);
        // A port that nobody listens on shows up as an error of the next read: not the end.
        if (got < 0 && (errno == ECONNREFUSED || errno == EINTR)) continue;
        if (got < 0) return;
        take(std::span(buffer.data(), static_cast<std::size_t>(got)),
             SocketAddress::from_native(native));
    }
}

}  // namespace

UdpRelay::UdpRelay(const Config& config, const common::Clock& clock)
    : config_(config), clock_(clock), up_(config.up), down_(config.down) {}

UdpRelay::~UdpRelay() {
    for (const auto& [port, fd] : listening_) close(fd);
    for (const Flow& flow : flows_) close(flow.server_side);
    if (epoll_ >= 0) close(epoll_);
}

Result<std::unique_ptr<UdpRelay>> UdpRelay::open(const Config& config, const common::Clock& clock) {
    std::unique_ptr<UdpRelay> relay(new UdpRelay(config, clock));
    relay->epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (relay->epoll_ < 0) return common::fail(ErrorCode::Io, std::strerror(errno));
    for (int port = config.first_port; port <= config.last_port; ++port) {
        if (auto listening = relay->listen_on(static_cast<std::uint16_t>(port)); !listening) {
            return tl::unexpected(listening.error());
        }
    }
    return relay;
}

Result<void> UdpRelay::listen_on(std::uint16_t port) {
    auto fd = open_socket(config_.listen, port);
    if (!fd) return tl::unexpected(fd.error());
    listening_[port] = *fd;
    watch(epoll_, *fd, port);
    return {};
}

bool UdpRelay::run_until(common::Timestamp deadline, int also) {
    if (also >= 0) watch(epoll_, also, kAlsoBit);  // EEXIST after the first time
    common::Timestamp wake = deadline;
    for (const LossyLink* link : {&up_, &down_}) {
        if (const auto next = link->next_arrival()) wake = std::min(wake, *next);
    }
    const auto wait = std::max(common::Duration(0), wake - clock_.now());
    const timespec timeout{static_cast<time_t>(wait.count() / 1'000'000'000),
                           static_cast<long>(wait.count() % 1'000'000'000)};
    std::array<epoll_event, 64> events{};
    const int count =
        epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    bool also_readable = false;
    for (int i = 0; i < count; ++i) {
        const std::uint64_t name = events[static_cast<std::size_t>(i)].data.u64;
        if ((name & kAlsoBit) != 0) {
            also_readable = true;
        } else if ((name & kFlowBit) != 0) {
            read_server(name & ~kFlowBit);
        } else {
            const auto port = static_cast<std::uint16_t>(name);
            read_callers(listening_.at(port), port);
        }
    }
    deliver(clock_.now());
    return also_readable;
}

void UdpRelay::read_callers(int fd, std::uint16_t port) {
    read_all(fd, [&](std::span<const std::uint8_t> datagram, const SocketAddress& from) {
        const int flow = flow_of(fd, port, from);
        if (flow >= 0) up_.send(datagram, clock_.now(), static_cast<std::uint64_t>(flow));
    });
}

void UdpRelay::read_server(std::uint64_t flow) {
    read_all(flows_[flow].server_side,
             [&](std::span<const std::uint8_t> datagram, const SocketAddress&) {
                 down_.send(datagram, clock_.now(), flow);
             });
}

int UdpRelay::flow_of(int fd, std::uint16_t port, const SocketAddress& caller) {
    const auto key = std::pair(caller.to_string(), port);
    if (const auto known = flow_by_caller_.find(key); known != flow_by_caller_.end()) {
        return known->second;
    }
    auto server = SocketAddress::parse(config_.server, port);
    auto server_side = open_socket(config_.listen, 0);
    if (flows_.size() >= kMaxFlows || !server || !server_side ||
        connect(*server_side, server->native(), server->native_bytes()) != 0) {
        if (server_side) close(*server_side);
        ++counters_.refused_flows;
        return -1;
    }
    const int flow = static_cast<int>(flows_.size());
    flows_.push_back({*server_side, fd, caller});
    flow_by_caller_[key] = flow;
    watch(epoll_, *server_side, kFlowBit | static_cast<std::uint64_t>(flow));
    return flow;
}

void UdpRelay::deliver(common::Timestamp now) {
    while (auto delivery = up_.receive_tagged(now)) {
        const auto& bytes = delivery->datagram;
        if (send(flows_[delivery->tag].server_side, bytes.data(), bytes.size(), 0) < 0) {
            ++counters_.send_errors;
        }
    }
    while (auto delivery = down_.receive_tagged(now)) {
        const auto& bytes = delivery->datagram;
        const Flow& flow = flows_[delivery->tag];
        if (sendto(flow.caller_side, bytes.data(), bytes.size(), 0, flow.caller.native(),
                   flow.caller.native_bytes()) < 0) {
            ++counters_.send_errors;
        }
    }
}

}  // namespace tests

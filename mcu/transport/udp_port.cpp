#include "mcu/transport/udp_port.h"

#include <netinet/ip.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mcu {

using common::ErrorCode;
using common::Result;

namespace {

// A key picture of 60 KB arrives at once; the kernel counts about twice the payload (its skbs).
constexpr int kVideoReceiveBytes = 1 << 20;
constexpr int kAudioReceiveBytes = 1 << 17;
constexpr int kVideoSendBytes = 1 << 20;
// Batches a wake: a flood at one port must not starve the others of its thread.
constexpr int kBatchesPerWake = 4;
constexpr std::size_t kSendBatch = 64;

// The DSCP is the upper six bits of the octet.
constexpr int kTosAudio = 46 << 2;  // EF
constexpr int kTosVideo = 34 << 2;  // AF41

void set_option(int fd, int level, int name, int value) {
    // Wishes: a system that refuses one (a container without IPv6, say) still carries media.
    (void)setsockopt(fd, level, name, &value, sizeof(value));
}

void set_options(int fd, const SocketAddress& local, UdpPort::Families families,
                 TrafficClass traffic) {
    const bool video = traffic == TrafficClass::Video;
    const int tos = video ? kTosVideo : kTosAudio;
    if (local.is_ipv6()) {
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, families == UdpPort::Families::Both ? 0 : 1);
        set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, tos);
    }
    if (!local.is_ipv6() || families == UdpPort::Families::Both) {
        set_option(fd, IPPROTO_IP, IP_TOS, tos);
    }
    set_option(fd, SOL_SOCKET, SO_RCVBUF, video ? kVideoReceiveBytes : kAudioReceiveBytes);
    if (video) set_option(fd, SOL_SOCKET, SO_SNDBUF, kVideoSendBytes);
    set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
}

common::Error io_error(ErrorCode code, const SocketAddress& local, int error) {
    return {code, "open UDP port " + local.to_string() + ": " + std::strerror(error)};
}

}  // namespace

Result<std::unique_ptr<UdpPort>> UdpPort::open(const SocketAddress& local, Families families,
                                               TrafficClass traffic) {
    const int fd =
        socket(local.is_ipv6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return tl::unexpected(io_error(ErrorCode::Io, local, errno));
    set_options(fd, local, families, traffic);
    if (bind(fd, local.native(), local.native_bytes()) != 0) {
        const int error = errno;
        close(fd);
        return tl::unexpected(
            io_error(error == EADDRINUSE ? ErrorCode::AlreadyExists : ErrorCode::Io, local, error));
    }
    const bool both = local.is_ipv6() && families == Families::Both;
    return std::unique_ptr<UdpPort>(new UdpPort(fd, both));
}

UdpPort::UdpPort(int fd, bool sends_as_ipv6)
    : fd_(fd), sends_as_ipv6_(sends_as_ipv6), port_(SocketAddress::of_socket(fd).port()) {}

UdpPort::~UdpPort() {
    if (net_ != nullptr) detach();
    close(fd_);
}

void UdpPort::attach(NetThread& net, DatagramReader& reader) {
    net_thread_.check();
    net_ = &net;
    reader_ = &reader;
    net.watch(fd_, *this);
}

void UdpPort::detach() {
    net_thread_.check();
    if (net_ != nullptr) net_->unwatch(fd_);
    net_ = nullptr;
    reader_ = nullptr;
}

void UdpPort::on_readable() {
    net_thread_.check();
    ReceiveBatch& batch = net_->receive_batch();
    for (int round = 0; round < kBatchesPerWake; ++round) {
        const std::size_t count = batch.receive(fd_);
        const common::Timestamp arrival = net_->clock().now();
        counters_.kernel_drops =
            batch.kernel_drops(count, static_cast<std::uint32_t>(counters_.kernel_drops));
        for (std::size_t i = 0; i < count; ++i) {
            if (batch.truncated(i)) {
                ++counters_.truncated;
                continue;
            }
            const SocketAddress from = batch.from(i);
            const std::span<std::uint8_t> bytes = batch.bytes(i);
            ++counters_.datagrams_in;
            counters_.bytes_in += bytes.size();
            reader_->on_datagram({bytes, from, arrival});
        }
        if (count < ReceiveBatch::kDatagrams) return;
    }
}

std::size_t UdpPort::send(std::span<const std::span<const std::uint8_t>> datagrams,
                          const SocketAddress& to) {
    SocketAddress target = sends_as_ipv6_ ? to.as_ipv6() : to;
    std::array<mmsghdr, kSendBatch> headers;
    std::array<iovec, kSendBatch> vectors;
    std::size_t sent_in_all = 0;
    while (!datagrams.empty()) {
        const std::size_t count = std::min(datagrams.size(), kSendBatch);
        for (std::size_t i = 0; i < count; ++i) {
            // sendmmsg only reads; its C signature cannot say so.
            vectors[i] = {const_cast<std::uint8_t*>(datagrams[i].data()), datagrams[i].size()};
            headers[i] = {};
            headers[i].msg_hdr.msg_name = const_cast<sockaddr*>(target.native());
            headers[i].msg_hdr.msg_namelen = target.native_bytes();
            headers[i].msg_hdr.msg_iov = &vectors[i];
            headers[i].msg_hdr.msg_iovlen = 1;
        }
        const int sent = sendmmsg(fd_, headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
        if (sent <= 0) {
            // The first of them was refused (ICMP of an earlier one, no route, a full buffer):
            // media that is late is worthless, so it is dropped and the next one tried.
            ++counters_.send_errors;
            datagrams = datagrams.subspan(1);
            continue;
        }
        for (int i = 0; i < sent; ++i) {
            counters_.bytes_out += datagrams[static_cast<std::size_t>(i)].size();
        }
        counters_.datagrams_out += static_cast<std::uint64_t>(sent);
        sent_in_all += static_cast<std::size_t>(sent);
        datagrams = datagrams.subspan(static_cast<std::size_t>(sent));
    }
    return sent_in_all;
}

}  // namespace mcu

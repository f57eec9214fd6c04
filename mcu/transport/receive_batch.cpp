#include "mcu/transport/receive_batch.h"

#include <cerrno>
#include <cstring>

namespace mcu {

namespace {

/// ICMP about an earlier datagram of ours surfaces here, once; it is read away and harmless.
bool is_about_something_sent(int error) {
    return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
           error == EHOSTDOWN || error == EINTR;
}

}  // namespace

std::size_t ReceiveBatch::receive(int fd) {
    for (std::size_t i = 0; i < kDatagrams; ++i) {
        vectors_[i] = {buffers_[i].data(), buffers_[i].size()};
        msghdr& header = headers_[i].msg_hdr;
        header.msg_name = &sources_[i];
        header.msg_namelen = sizeof(sources_[i]);
        header.msg_iov = &vectors_[i];
        header.msg_iovlen = 1;
        header.msg_control = controls_[i].bytes.data();
        header.msg_controllen = controls_[i].bytes.size();
        header.msg_flags = 0;
        headers_[i].msg_len = 0;
    }
    int received = 0;
    do {
        received = recvmmsg(fd, headers_.data(), kDatagrams, MSG_DONTWAIT, nullptr);
    } while (received < 0 && is_about_something_sent(errno));
    return received < 0 ? 0 : static_cast<std::size_t>(received);
}

std::span<std::uint8_t> ReceiveBatch::bytes(std::size_t i) {
    return std::span(buffers_[i]).first(headers_[i].msg_len);
}

SocketAddress ReceiveBatch::from(std::size_t i) const {
    return SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&sources_[i]));
}

bool ReceiveBatch::truncated(std::size_t i) const {
    return (headers_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}

std::uint32_t ReceiveBatch::kernel_drops(std::size_t count, std::uint32_t previous) const {
    for (std::size_t i = count; i-- > 0;) {
        msghdr header = headers_[i].msg_hdr;
        for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
            if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) continue;
            std::uint32_t drops = 0;
            std::memcpy(&drops, CMSG_DATA(c), sizeof(drops));
            return drops;
        }
    }
    return previous;
}

}  // namespace mcu

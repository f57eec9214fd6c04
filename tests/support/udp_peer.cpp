#include "tests/support/udp_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <stdexcept>

namespace tests {

namespace {

socklen_t make_address(const std::string& text, std::uint16_t port, sockaddr_storage& out) {
    out = {};
    if (text.find(':') != std::string::npos) {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr);
        return sizeof(v6);
    }
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    inet_pton(AF_INET, text.c_str(), &v4.sin_addr);
    return sizeof(v4);
}

std::uint16_t port_of(const sockaddr_storage& address) {
    return address.ss_family == AF_INET6
               ? ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port)
               : ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace

UdpPeer::UdpPeer(const std::string& address) : address_(address) {
    sockaddr_storage local{};
    const socklen_t bytes = make_address(address, 0, local);
    fd_ = socket(local.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0 || bind(fd_, reinterpret_cast<sockaddr*>(&local), bytes) != 0) {
        throw std::runtime_error("UdpPeer: cannot bind " + address);
    }
    const int on = 1;
    const bool v6 = local.ss_family == AF_INET6;
    setsockopt(fd_, v6 ? static_cast<int>(IPPROTO_IPV6) : static_cast<int>(IPPROTO_IP),
               v6 ? IPV6_RECVTCLASS : IP_RECVTOS, &on, sizeof(on));
    socklen_t length = sizeof(local);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&local), &length);
    port_ = port_of(local);
}

UdpPeer::~UdpPeer() {
    close(fd_);
}

void UdpPeer::send(const std::vector<std::uint8_t>& bytes, std::uint16_t to_port,
                   const std::string& to_address) const {
    sockaddr_storage to{};
    const socklen_t length = make_address(to_address.empty() ? address_ : to_address, to_port, to);
    const ssize_t sent =
        sendto(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&to), length);
    if (sent != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("UdpPeer: not sent");
}

std::optional<std::vector<std::uint8_t>> UdpPeer::receive() {
    std::vector<std::uint8_t> bytes(65536);
    std::array<std::uint8_t, 64> control{};
    sockaddr_storage from{};
    iovec vector{bytes.data(), bytes.size()};
    msghdr header{};
    header.msg_name = &from;
    header.msg_namelen = sizeof(from);
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t received = recvmsg(fd_, &header, 0);
    if (received < 0) return std::nullopt;
    last_tos_ = -1;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
        last_tos_ = *CMSG_DATA(c);  // IP_TOS is one byte; an int of IPV6_TCLASS starts with it here
    }
    last_port_ = port_of(from);
    bytes.resize(static_cast<std::size_t>(received));
    return bytes;
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator descriptors("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
}

}  // namespace tests

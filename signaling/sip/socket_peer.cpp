#include "signaling/sip/socket_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "signaling/sip/local_route.h"

namespace signaling {
namespace {

template <typename Address>
std::span<const std::uint8_t> bytes_of(const Address& address) {
    return {reinterpret_cast<const std::uint8_t*>(&address), sizeof address};
}

SocketPeer peer(int family, std::span<const std::uint8_t> bytes, in_port_t port) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, bytes.data(), text.data(), text.size());
    return {MessageSource::of(bytes), host_port(text.data(), ntohs(port))};
}

}  // namespace

std::optional<SocketPeer> socket_peer(const sockaddr* address) {
    if (address != nullptr && address->sa_family == AF_INET) {
        const auto& ipv4 = *reinterpret_cast<const sockaddr_in*>(address);
        return peer(AF_INET, bytes_of(ipv4.sin_addr), ipv4.sin_port);
    }
    if (address != nullptr && address->sa_family == AF_INET6) {
        const auto& ipv6 = *reinterpret_cast<const sockaddr_in6*>(address);
        const auto bytes = bytes_of(ipv6.sin6_addr);
        const bool mapped = IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr);
        return peer(mapped ? AF_INET : AF_INET6, mapped ? bytes.last(4) : bytes, ipv6.sin6_port);
    }
    return std::nullopt;
}

std::string usual_host_port(const std::string& address, std::uint16_t port) {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(port);
    if (inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr) == 1)
        return socket_peer(reinterpret_cast<const sockaddr*>(&ipv6))->host_port;
    return host_port(address, port);
}

}  // namespace signaling

#include "mcu/transport/socket_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mcu {

using common::ErrorCode;
using common::Result;

namespace {
/// fe80::/10 (RFC 4291 2.5.6), 169.254.0.0/16 (RFC 3927).
bool is_link_local(const SocketAddress& address) {
    sockaddr_storage native{};
    std::memcpy(&native, address.native(), address.native_bytes());
    if (address.is_ipv6()) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(native);
        return IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) != 0;
    }
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(native);
    return (ntohl(v4.sin_addr.s_addr) >> 16U) == 0xa9feU;
}
}  // namespace

Result<SocketAddress> SocketAddress::parse(const std::string& address, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    // getaddrinfo takes "127.1" and "0x7f.1" too; so does every socket tool, and the value is what
    // counts.
    if (address.empty() || getaddrinfo(address.c_str(), nullptr, &hints, &found) != 0) {
        return common::fail(ErrorCode::InvalidArgument,
                            "'" + address + "' is not a numeric IPv4 or IPv6 address");
    }
    const SocketAddress parsed = from_native(found->ai_addr).with_port(port);
    freeaddrinfo(found);
    return parsed;
}

SocketAddress SocketAddress::from_native(const sockaddr* native) {
    SocketAddress result;
    if (native->sa_family == AF_INET) {
        std::memcpy(&result.storage_.v4, native, sizeof(sockaddr_in));
    } else if (native->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, native, sizeof(v6));
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            sockaddr_in v4{};
            v4.sin_family = AF_INET;
            v4.sin_port = v6.sin6_port;
            std::memcpy(&v4.sin_addr, v6.sin6_addr.s6_addr + 12, sizeof(v4.sin_addr));
            result.storage_.v4 = v4;
        } else {
            result.storage_.v6 = v6;
        }
    }
    return result;
}

SocketAddress SocketAddress::of_socket(int fd) {
    sockaddr_storage bound{};
    socklen_t bytes = sizeof(bound);
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &bytes) != 0) return {};
    return from_native(reinterpret_cast<const sockaddr*>(&bound));
}

bool SocketAddress::is_wildcard() const {
    if (!valid()) return false;
    if (is_ipv6()) return IN6_IS_ADDR_UNSPECIFIED(&storage_.v6.sin6_addr) != 0;
    return storage_.v4.sin_addr.s_addr == INADDR_ANY;
}

std::uint16_t SocketAddress::port() const {
    // Both families keep the port at the same place; the union makes that no assumption of ours.
    return is_ipv6() ? ntohs(storage_.v6.sin6_port) : ntohs(storage_.v4.sin_port);
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const {
    SocketAddress result = *this;
    if (is_ipv6()) {
        result.storage_.v6.sin6_port = htons(port);
    } else if (valid()) {
        result.storage_.v4.sin_port = htons(port);
    }
    return result;
}

SocketAddress SocketAddress::as_ipv6() const {
    if (!valid() || is_ipv6()) return *this;
    SocketAddress result;
    result.storage_.v6.sin6_family = AF_INET6;
    result.storage_.v6.sin6_port = storage_.v4.sin_port;
    result.storage_.v6.sin6_addr.s6_addr[10] = 0xff;
    result.storage_.v6.sin6_addr.s6_addr[11] = 0xff;
    std::memcpy(result.storage_.v6.sin6_addr.s6_addr + 12, &storage_.v4.sin_addr,
                sizeof(storage_.v4.sin_addr));
    return result;
}

std::string SocketAddress::address() const {
    if (!valid()) return {};
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(native(), native_bytes(), text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
        return {};
    }
    return text.data();
}

std::string SocketAddress::to_string() const {
    if (!valid()) return "none";
    const std::string host = is_ipv6() ? "[" + address() + "]" : address();
    return host + ":" + std::to_string(port());
}

socklen_t SocketAddress::native_bytes() const {
    return is_ipv6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

bool operator==(const SocketAddress& a, const SocketAddress& b) {
    if (a.storage_.any.sa_family != b.storage_.any.sa_family) return false;
    if (!a.valid()) return true;
    if (a.port() != b.port()) return false;
    if (!a.is_ipv6()) return a.storage_.v4.sin_addr.s_addr == b.storage_.v4.sin_addr.s_addr;
    return IN6_ARE_ADDR_EQUAL(&a.storage_.v6.sin6_addr, &b.storage_.v6.sin6_addr) &&
           a.storage_.v6.sin6_scope_id == b.storage_.v6.sin6_scope_id;
}

Result<SocketAddress> local_address_towards(const SocketAddress& peer) {
    const int fd = socket(peer.is_ipv6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return common::fail(
            ErrorCode::Io, std::string("route to ") + peer.address() + ": " + std::strerror(errno));
    }
    // Connecting a UDP socket only looks the route up. Port 0 would be refused by some systems.
    const SocketAddress target = peer.port() == 0 ? peer.with_port(9) : peer;
    const int connected = connect(fd, target.native(), target.native_bytes());
    const int error = errno;
    const SocketAddress local = SocketAddress::of_socket(fd);
    close(fd);
    if (connected != 0) {
        return common::fail(ErrorCode::Unavailable, std::string("no route to ") + peer.address() +
                                                        ": " + std::strerror(error));
    }
    return local.with_port(0);
}

std::vector<SocketAddress> host_addresses() {
    std::vector<SocketAddress> all;
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) == 0) {
        for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
            if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
            if ((entry->ifa_flags & IFF_LOOPBACK) != 0) continue;
            const SocketAddress address = SocketAddress::from_native(entry->ifa_addr);
            if (!address.valid() || is_link_local(address)) continue;
            all.push_back(address.with_port(0));
        }
        freeifaddrs(list);
    }
    std::ranges::stable_partition(all, [](const SocketAddress& a) { return !a.is_ipv6(); });
    if (all.empty()) all.push_back(*SocketAddress::parse("127.0.0.1", 0));
    return all;
}

}  // namespace mcu

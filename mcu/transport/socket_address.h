#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace mcu {

/// A numeric IPv4 or IPv6 address with a port. IPv4 inside IPv6 (::ffff:a.b.c.d) is IPv4 from here
/// on: an address has one form, so that comparing two is never fooled (RFC 4291 2.5.5.2).
///
/// Thread: a value. Default-constructed: none.
class SocketAddress {
  public:
    SocketAddress() = default;
    /// Numeric only, names are not resolved; a zone ("fe80::1%eth0") is understood.
    [[nodiscard]] static common::Result<SocketAddress> parse(const std::string& address,
                                                             std::uint16_t port);
    /// None when the family is neither IPv4 nor IPv6.
    [[nodiscard]] static SocketAddress from_native(const sockaddr* native);
    /// The address a socket is bound to.
    [[nodiscard]] static SocketAddress of_socket(int fd);

    [[nodiscard]] bool valid() const { return storage_.any.sa_family != AF_UNSPEC; }
    [[nodiscard]] bool is_wildcard() const;  ///< 0.0.0.0 or ::
    [[nodiscard]] bool is_ipv6() const { return storage_.any.sa_family == AF_INET6; }
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] SocketAddress with_port(std::uint16_t port) const;
    /// IPv4 in its IPv6 form, for a socket that speaks both; IPv6 as it is.
    [[nodiscard]] SocketAddress as_ipv6() const;
    [[nodiscard]] std::string address() const;    ///< "192.0.2.1", "2001:db8::1"; empty: none
    [[nodiscard]] std::string to_string() const;  ///< "192.0.2.1:5004", "[2001:db8::1]:5004"

    [[nodiscard]] const sockaddr* native() const { return &storage_.any; }
    [[nodiscard]] socklen_t native_bytes() const;

    friend bool operator==(const SocketAddress& a, const SocketAddress& b);

  private:
    union Storage {
        sockaddr_in6 v6{};
        sockaddr_in v4;
        sockaddr any;
    };
    Storage storage_;
};

/// Our own address on the route to `peer`, port 0: what a peer behind that route can reach.
/// No packet is sent. Fails with `Unavailable` when there is no route.
[[nodiscard]] common::Result<SocketAddress> local_address_towards(const SocketAddress& peer);

/// Our addresses on all interfaces that are up, port 0, IPv4 first; without loopback and link-local
/// ones, which nobody else can reach. None: loopback alone.
[[nodiscard]] std::vector<SocketAddress> host_addresses();

}  // namespace mcu

#pragma once

#include <optional>
#include <string>

#include "signaling/sip/source_limiter.h"

struct sockaddr;

namespace signaling {

/// The other end of a socket.
struct SocketPeer {
    MessageSource source;
    std::string host_port;  ///< "192.0.2.1:5060", "[2001:db8::1]:5060"; IPv4 in IPv6 as IPv4
};

/// Nothing: neither IPv4 nor IPv6. `address` is as long as its family wants; null is nothing.
[[nodiscard]] std::optional<SocketPeer> socket_peer(const sockaddr* address);

/// `address` as it is written there, with that port; `address` itself when it is not numeric.
[[nodiscard]] std::string usual_host_port(const std::string& address, std::uint16_t port);

}  // namespace signaling

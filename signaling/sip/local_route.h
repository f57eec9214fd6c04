#pragma once

#include <cstdint>
#include <string>

namespace signaling {

/// Our own address on the route to a numeric IPv4 or IPv6 address; empty: no route. Sends nothing.
[[nodiscard]] std::string local_address_towards(const std::string& remote_address);

/// "192.0.2.1:5060" or "[2001:db8::1]:5060", as URIs want it.
[[nodiscard]] std::string host_port(const std::string& address, std::uint16_t port);

}  // namespace signaling

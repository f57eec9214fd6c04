#pragma once

#include <cstdint>
#include <string>

namespace signaling {

/// Where a peer says it is, and where its messages really come from.
struct PeerPlace {
    std::string transport;       ///< "udp", "tcp", "tls"
    std::string source_address;  ///< numeric
    std::uint16_t source_port = 0;
    std::string via_host;      ///< of the topmost Via: what the sender calls itself
    std::string contact_host;  ///< of its Contact
    bool routed = false;       ///< proxies on the way want to stay there (Record-Route)
};

/// The peer sits behind a NAT: what it calls itself is not where it is seen.
[[nodiscard]] bool is_behind_nat(const PeerPlace& place);

/// Where our requests inside the dialog go: `sip:ADDRESS:PORT;transport=T` of what we saw; empty:
/// the Contact, or the route, as RFC 3261 12.2.1.1 says.
///
/// A peer on a TCP or TLS connection is reached over that connection (RFC 5923 6 in spirit: seldom
/// does anybody listen at the other end). One that came by UDP is believed its Contact unless it is
/// behind a NAT. Where proxies want to be on the way they know better.
[[nodiscard]] std::string flow_to(const PeerPlace& place);

/// The connection that such a flow goes over, "ADDRESS:PORT" of its other end; empty: none.
[[nodiscard]] std::string connection_of(const std::string& flow);

}  // namespace signaling

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "signaling/sip/peer_flow.h"
#include "signaling/sip/sip_dialog.h"
#include "signaling/sip/socket_peer.h"

struct sip_s;
struct msg_s;

namespace signaling {

/// What a parsed message says, in our own words. The pointers are sofia's, borrowed for the call.

[[nodiscard]] std::string text_of(const char* text);  ///< null: empty
[[nodiscard]] SipBody body_of(const sip_s* sip);
[[nodiscard]] SipAbilities abilities_of(const sip_s* sip);
/// "SIP/2.0/UDP" -> "udp", of the topmost Via. The sender's word.
[[nodiscard]] std::string transport_of(const sip_s* sip);
/// Numeric address it came from; an IPv4 address that IPv6 carries comes as IPv4.
[[nodiscard]] std::string source_of(msg_s* message);
[[nodiscard]] std::uint16_t source_port_of(msg_s* message);
/// Nothing: sofia made it.
[[nodiscard]] std::optional<SocketPeer> peer_of(msg_s* message);
[[nodiscard]] PeerPlace place_of(const sip_s* sip, msg_s* message, const std::string& transport);
/// What the INVITE says of its dialog; our tag and Contact are the owner's to fill in.
[[nodiscard]] SipDialogState dialog_state_of(const sip_s* sip);
/// `scheme:user@host` of From, without parameters and password.
[[nodiscard]] std::string from_uri_of(const sip_s* sip);
[[nodiscard]] std::string request_uri_of(const sip_s* sip);
/// Its Digest Authorization, whole; empty: none. Of several the first for `realm`.
[[nodiscard]] std::string authorization_of(const sip_s* sip, const std::string& realm);
/// A parameter of the request URI, percent-decoded; empty: not there.
[[nodiscard]] std::string request_parameter(const sip_s* sip, const char* name);

}  // namespace signaling

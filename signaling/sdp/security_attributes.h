#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "signaling/conference/media_security.h"
#include "signaling/sdp/session_description.h"

namespace signaling {

/// The value of an a=crypto line (RFC 4568 9.2), or why it cannot be obeyed, for people and without
/// a byte of the key.
///
/// Taken: one inline key of exactly the suite's length, with or without a lifetime, which is not
/// looked at (2^31 packets, what most say, are months); the window size hint WSH. Not taken: a
/// suite that we lack, an MKI, several keys, a key derivation rate, anything unencrypted or
/// unauthenticated, FEC, and parameters that we do not know, unless a "-" says that we need not.
[[nodiscard]] tl::expected<SdesKey, std::string> parse_crypto(std::string_view value);
/// "1 AEAD_AES_256_GCM inline:…"
[[nodiscard]] std::string crypto_value(const SdesKey& key);

/// Nothing: the protocol is none of RTP over UDP.
[[nodiscard]] std::optional<OfferedSecurity::Profile> profile_of(std::string_view protocol);

/// All of one m-line; fingerprint and setup may stand in the session's part (RFC 8122 5, RFC 4145
/// 4). Of several hashes the strongest that we know counts.
[[nodiscard]] OfferedSecurity security_of(const SdpMedia& media, const SessionDescription& session);

/// a=crypto, or a=fingerprint and a=setup, or both, appended.
void describe_security(const AnsweredSecurity& ours, SdpMedia& media);

/// What an m-line of ours begins with where no offer of the peer says it.
[[nodiscard]] const char* protocol_for(const AnsweredSecurity& ours);

}  // namespace signaling

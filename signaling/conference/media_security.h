#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "common/fingerprint.h"
#include "common/srtp_key.h"
#include "signaling/config/listener_settings.h"

namespace signaling {

/// How both ends of a medium come by its SRTP keys.
enum class KeyExchange : std::uint8_t {
    None,  ///< plain RTP
    Sdes,  ///< each writes its key into its description (RFC 4568)
    Dtls,  ///< a handshake on the media ports, proven by fingerprints (RFC 5764)
};

/// Who begins the handshake (RFC 4145 4, RFC 5763 5), seen from who says it.
enum class DtlsSetup : std::uint8_t { Active, Passive, ActPass };

/// One a=crypto that can be obeyed. A secret.
struct SdesKey {
    std::uint32_t tag = 0;
    common::SrtpKey key;
    friend bool operator==(const SdesKey&, const SdesKey&) = default;
};

/// What the peer says about the protection of one medium.
struct OfferedSecurity {
    /// How the transport is named: RTP/AVP(F) takes plain RTP too (RFC 8643), RTP/SAVP(F) and
    /// UDP/TLS/RTP/SAVP(F) do not.
    enum class Profile : std::uint8_t { Plain, Secure, SecureByDtls };
    Profile profile = Profile::Plain;
    std::vector<SdesKey> sdes;                      ///< in the peer's order
    std::vector<common::Fingerprint> fingerprints;  ///< its certificate has one of these
    std::optional<DtlsSetup> setup;
    std::string why_not;  ///< of the first that is there and cannot be obeyed, for people
    friend bool operator==(const OfferedSecurity&, const OfferedSecurity&) = default;
};

/// What we say about it. In an offer of ours nothing is agreed yet, and all that we can is there.
struct AnsweredSecurity {
    KeyExchange agreed = KeyExchange::None;
    std::vector<SdesKey> sdes;       ///< our keys: one where Sdes is agreed
    std::optional<DtlsSetup> setup;  ///< with it our fingerprint is said, too
    bool required = false;           ///< in an offer: an answer without protection will not do
    std::string fingerprint;         ///< ours; filled in from what the media daemon has
    friend bool operator==(const AnsweredSecurity&, const AnsweredSecurity&) = default;
};

using KeyMaker = std::function<common::SrtpKey(common::SrtpSuite)>;
/// From the system's random source.
[[nodiscard]] common::SrtpKey make_srtp_key(common::SrtpSuite suite);

/// What holds for one call.
struct SecurityPolicy {
    MediaEncryption encryption = MediaEncryption::Optional;
    /// Keys may stand in the signalling: it came by TLS.
    bool secure_signalling = false;
    KeyMaker make_key = make_srtp_key;
};

/// Our side of a medium that is offered: DTLS before SDES, but where the offer's profile is
/// RTP/SAVP, which means SDES; of SDES the peer's first. We let ourselves be called (passive)
/// where the peer leaves it to us: behind a NAT it can reach us, and not we it. `current`: what was
/// agreed before in this call, null at first: our key stays while the peer keeps its tag and suite,
/// our role while it may. Fails with why this medium cannot be taken, for people.
[[nodiscard]] tl::expected<AnsweredSecurity, std::string> answer_security(
    const OfferedSecurity& offered, const SecurityPolicy& policy, const AnsweredSecurity* current);

/// Our own offer for a new medium: opportunistic (RFC 8643) unless protection is required.
[[nodiscard]] AnsweredSecurity offer_security(const SecurityPolicy& policy);
/// Our own offer for a medium that runs: what was agreed, and never less.
[[nodiscard]] AnsweredSecurity offer_security_again(const AnsweredSecurity& current);
/// The same with keys that nobody has seen: for ports that are new (a roll-over counter that starts
/// anew under an old key would encrypt twice with one key stream).
[[nodiscard]] AnsweredSecurity renew_security(const AnsweredSecurity& current,
                                              const KeyMaker& make_key);

/// What the peer chose of our offer. Fails where that does not fit, or is less than we required.
[[nodiscard]] tl::expected<AnsweredSecurity, std::string> settle_security(
    const AnsweredSecurity& ours, const OfferedSecurity& answer);

}  // namespace signaling

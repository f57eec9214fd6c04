#include "signaling/conference/media_security.h"

#include <string.h>
#include <sys/random.h>

#include <algorithm>
#include <array>

#include "common/invariant.h"

namespace signaling {

using common::SrtpKey;
using common::SrtpSuite;
using Profile = OfferedSecurity::Profile;

namespace {

const SdesKey* find_tag(const std::vector<SdesKey>& keys, const SdesKey& like) {
    const auto found = std::ranges::find_if(keys, [&](const SdesKey& key) {
        return key.tag == like.tag && key.key.suite() == like.key.suite();
    });
    return found == keys.end() ? nullptr : &*found;
}

bool can_dtls(const OfferedSecurity& offered) {
    return !offered.fingerprints.empty();
}

bool can_sdes(const OfferedSecurity& offered, const SecurityPolicy& policy) {
    return policy.secure_signalling && !offered.sdes.empty() &&
           offered.profile != Profile::SecureByDtls;
}

// The other side of what the peer said. Where it leaves the choice to us, or forgot to say, it is
// to call us, unless a handshake the other way round runs already (RFC 8842 5.3).
DtlsSetup role_towards(const OfferedSecurity& peer, const AnsweredSecurity* current) {
    if (peer.setup == DtlsSetup::Passive) return DtlsSetup::Active;
    const bool free = peer.setup == DtlsSetup::ActPass;
    const bool runs = current != nullptr && current->agreed == KeyExchange::Dtls;
    return free && runs ? current->setup.value_or(DtlsSetup::Passive) : DtlsSetup::Passive;
}

AnsweredSecurity by_dtls(DtlsSetup setup) {
    AnsweredSecurity ours;
    ours.agreed = KeyExchange::Dtls;
    ours.setup = setup;
    return ours;
}

AnsweredSecurity by_sdes(SdesKey key) {
    AnsweredSecurity ours;
    ours.agreed = KeyExchange::Sdes;
    ours.sdes = {std::move(key)};
    return ours;
}

std::string nothing_usable(const OfferedSecurity& offered, const SecurityPolicy& policy) {
    if (!offered.why_not.empty()) return "no usable encryption: " + offered.why_not;
    if (!offered.sdes.empty() && !policy.secure_signalling) {
        return "keys in a=crypto are taken over TLS signalling only";
    }
    return "no usable encryption: expected a=crypto over TLS signalling, or a=fingerprint";
}

}  // namespace

SrtpKey make_srtp_key(SrtpSuite suite) {
    std::array<std::uint8_t, SrtpKey::kMostBytes> bytes{};
    const std::size_t count = common::srtp_key_bytes(suite);
    // So few come whole, once the system's source is ready (getrandom(2)).
    INVARIANT(getrandom(bytes.data(), count, 0) == static_cast<ssize_t>(count));
    const SrtpKey key = *SrtpKey::of(suite, std::span(bytes).first(count));
    explicit_bzero(bytes.data(), bytes.size());
    return key;
}

tl::expected<AnsweredSecurity, std::string> answer_security(const OfferedSecurity& offered,
                                                            const SecurityPolicy& policy,
                                                            const AnsweredSecurity* current) {
    const bool plain_will_do = offered.profile == Profile::Plain;
    if (policy.encryption == MediaEncryption::Off) {
        if (plain_will_do) return AnsweredSecurity();
        return tl::unexpected(std::string("encrypted media is switched off here"));
    }
    const bool sdes = can_sdes(offered, policy);
    const bool dtls = can_dtls(offered) && !(sdes && offered.profile == Profile::Secure);
    if (dtls) return by_dtls(role_towards(offered, current));
    if (sdes) {
        if (current != nullptr && current->agreed == KeyExchange::Sdes) {
            const SdesKey& ours = current->sdes.front();
            if (find_tag(offered.sdes, ours) != nullptr) return by_sdes(ours);
        }
        const SdesKey& first = offered.sdes.front();
        return by_sdes({first.tag, policy.make_key(first.key.suite())});
    }
    if (!plain_will_do) return tl::unexpected(nothing_usable(offered, policy));
    if (policy.encryption == MediaEncryption::Required) {
        return tl::unexpected("media must be encrypted here: " + nothing_usable(offered, policy));
    }
    return AnsweredSecurity();
}

AnsweredSecurity offer_security(const SecurityPolicy& policy) {
    AnsweredSecurity ours;
    if (policy.encryption == MediaEncryption::Off) return ours;
    ours.required = policy.encryption == MediaEncryption::Required;
    if (policy.secure_signalling) {
        std::uint32_t tag = 1;
        for (const SrtpSuite suite : common::kSrtpSuites) {
            ours.sdes.push_back({tag++, policy.make_key(suite)});
        }
    }
    // A secure profile names one way; RTP/AVP takes both beside each other.
    if (!ours.required || ours.sdes.empty()) ours.setup = DtlsSetup::ActPass;
    return ours;
}

AnsweredSecurity offer_security_again(const AnsweredSecurity& current) {
    AnsweredSecurity ours = current;
    if (current.agreed == KeyExchange::None) return ours;
    ours.agreed = KeyExchange::None;
    ours.required = true;
    if (ours.setup) ours.setup = DtlsSetup::ActPass;
    return ours;
}

AnsweredSecurity renew_security(const AnsweredSecurity& current, const KeyMaker& make_key) {
    AnsweredSecurity ours = offer_security_again(current);
    for (SdesKey& key : ours.sdes) key.key = make_key(key.key.suite());
    return ours;
}

tl::expected<AnsweredSecurity, std::string> settle_security(const AnsweredSecurity& ours,
                                                            const OfferedSecurity& answer) {
    if (ours.setup && can_dtls(answer)) {
        // RFC 5763 5 forbids actpass here, but baresip says it of whatever it did before. As to an
        // offer that leaves the role to us, we let ourselves be called.
        AnsweredSecurity settled = by_dtls(role_towards(answer, nullptr));
        settled.fingerprint = ours.fingerprint;
        return settled;
    }
    for (const SdesKey& theirs : answer.sdes) {
        if (const SdesKey* chosen = find_tag(ours.sdes, theirs)) return by_sdes(*chosen);
    }
    const bool secure_profile = answer.profile != Profile::Plain;
    if (ours.required || secure_profile) {
        return tl::unexpected(answer.why_not.empty()
                                  ? std::string("the answer has none of our encryption")
                                  : "no usable encryption in the answer: " + answer.why_not);
    }
    return AnsweredSecurity();
}

}  // namespace signaling

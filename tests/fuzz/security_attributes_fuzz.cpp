// a=crypto, a=fingerprint and a=setup from anybody who can send us an INVITE. The input is the
// lines of one medium, behind its m-line; the first byte chooses the profile and the policy.
// Covers: signaling/sdp/security_attributes.cpp signaling/conference/media_security.cpp
// Covers: subprojects/common/common/fingerprint.cpp

#include <array>
#include <string>

#include "signaling/conference/media_security.h"
#include "signaling/sdp/media_sdp.h"
#include "signaling/sdp/sdp_parser.h"
#include "signaling/sdp/security_attributes.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using signaling::AnsweredSecurity;
using signaling::KeyExchange;
using signaling::OfferedSecurity;

constexpr std::array kProtocols{"RTP/AVP",   "RTP/AVPF",         "RTP/SAVP",
                                "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"};
const std::string kOurs =
    common::Fingerprint{common::Fingerprint::Hash::Sha256, std::vector<std::uint8_t>(32, 1)}.text();

void check_offered(const OfferedSecurity& offered) {
    for (const signaling::SdesKey& key : offered.sdes) {
        FUZZ_EXPECT(key.key.valid());
        FUZZ_EXPECT(signaling::parse_crypto(signaling::crypto_value(key)) == key);
    }
    for (const common::Fingerprint& fingerprint : offered.fingerprints) {
        FUZZ_EXPECT(common::Fingerprint::parse(fingerprint.text()) == fingerprint);
    }
}

/// What we say can be read back, and says the same.
void check_said(AnsweredSecurity ours) {
    ours.fingerprint = kOurs;
    signaling::SdpMedia media;
    media.protocol = signaling::protocol_for(ours);
    signaling::describe_security(ours, media);
    const OfferedSecurity back = signaling::security_of(media, {});
    FUZZ_EXPECT(back.sdes == ours.sdes);
    FUZZ_EXPECT(back.setup == ours.setup);
    FUZZ_EXPECT(back.fingerprints.empty() == !ours.setup.has_value());
    FUZZ_EXPECT(back.why_not.empty());
}

void check_agreed(const AnsweredSecurity& ours, const OfferedSecurity& theirs,
                  const signaling::SecurityPolicy& policy) {
    const bool plain = ours.agreed == KeyExchange::None;
    FUZZ_EXPECT(!plain || theirs.profile == OfferedSecurity::Profile::Plain);
    FUZZ_EXPECT(!plain || policy.encryption != signaling::MediaEncryption::Required);
    FUZZ_EXPECT(plain || policy.encryption != signaling::MediaEncryption::Off);
    if (ours.agreed == KeyExchange::Sdes) {
        FUZZ_EXPECT(policy.secure_signalling && ours.sdes.size() == 1);
    }
    if (ours.agreed == KeyExchange::Dtls) FUZZ_EXPECT(!theirs.fingerprints.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::uint8_t how = data[0];
    const std::string lines(reinterpret_cast<const char*>(data + 1), size - 1);
    static_cast<void>(signaling::parse_crypto(lines));
    const auto parsed = signaling::parse_sdp(
        std::string(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 ") +
        kProtocols[how % kProtocols.size()] + " 0\r\n" + lines);
    if (!parsed || parsed->media.empty()) return 0;
    const OfferedSecurity offered = signaling::media_from_sdp(*parsed).media[0].security;
    check_offered(offered);

    signaling::SecurityPolicy policy;
    policy.encryption = static_cast<signaling::MediaEncryption>((how >> 4U) % 3U);
    policy.secure_signalling = (how & 0x80U) == 0;
    const auto ours = signaling::answer_security(offered, policy, nullptr);
    if (!ours) {
        FUZZ_EXPECT(!ours.error().empty());
    } else {
        check_agreed(*ours, offered, policy);
        check_said(*ours);
        const auto again = signaling::answer_security(offered, policy, &*ours);
        FUZZ_EXPECT(again.has_value() && again->sdes == ours->sdes);
        check_said(signaling::renew_security(*ours, policy.make_key));
    }
    // The same as the answer to an offer of ours.
    const AnsweredSecurity mine = signaling::offer_security(policy);
    check_said(mine);
    const auto settled = signaling::settle_security(mine, offered);
    FUZZ_EXPECT(settled.has_value() || !settled.error().empty());
    if (settled) check_agreed(*settled, offered, policy);
    return 0;
}

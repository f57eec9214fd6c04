#include "signaling/conference/media_security.h"

#include <catch2/catch.hpp>

using common::SrtpKey;
using common::SrtpSuite;
using namespace signaling;
using Profile = OfferedSecurity::Profile;

namespace {

SrtpKey key_of(SrtpSuite suite, std::uint8_t byte) {
    return *SrtpKey::of(suite, std::vector<std::uint8_t>(common::srtp_key_bytes(suite), byte));
}

/// Makes keys of 1s, 2s, 3s…
SecurityPolicy policy(MediaEncryption encryption = MediaEncryption::Optional, bool tls = true) {
    std::uint8_t next = 0;
    return {encryption, tls, [next](SrtpSuite suite) mutable { return key_of(suite, ++next); }};
}
const SecurityPolicy kOverUdp = policy(MediaEncryption::Optional, false);

OfferedSecurity sdes(Profile profile = Profile::Secure) {
    OfferedSecurity offered;
    offered.profile = profile;
    offered.sdes = {{7, key_of(SrtpSuite::AeadAes128Gcm, 0x70)},
                    {8, key_of(SrtpSuite::AesCm128HmacSha1_80, 0x80)}};
    return offered;
}

OfferedSecurity dtls(std::optional<DtlsSetup> setup = DtlsSetup::ActPass,
                     Profile profile = Profile::SecureByDtls) {
    OfferedSecurity offered;
    offered.profile = profile;
    offered.fingerprints = {
        {common::Fingerprint::Hash::Sha256, std::vector<std::uint8_t>(32, 0xAB)}};
    offered.setup = setup;
    return offered;
}

OfferedSecurity both(Profile profile) {
    OfferedSecurity offered = dtls(DtlsSetup::ActPass, profile);
    offered.sdes = sdes().sdes;
    return offered;
}

}  // namespace

TEST_CASE(
    "Over TLS the first key that can be obeyed is answered with a key of ours, tag and suite "
    "alike") {
    const auto ours = answer_security(sdes(), policy(), nullptr);

    REQUIRE(ours);
    CHECK(ours->agreed == KeyExchange::Sdes);
    CHECK(ours->sdes == std::vector<SdesKey>{{7, key_of(SrtpSuite::AeadAes128Gcm, 1)}});
    CHECK_FALSE(ours->setup);
}

TEST_CASE("Keys that came in the open are not taken") {
    const auto ours = answer_security(sdes(), kOverUdp, nullptr);

    REQUIRE_FALSE(ours);
    CHECK(ours.error() == "keys in a=crypto are taken over TLS signalling only");
}

TEST_CASE("A best-effort offer (RTP/AVP with keys) is answered with a key over TLS, plainly else") {
    CHECK(answer_security(sdes(Profile::Plain), policy(), nullptr)->agreed == KeyExchange::Sdes);
    CHECK(answer_security(sdes(Profile::Plain), kOverUdp, nullptr)->agreed == KeyExchange::None);
    CHECK(answer_security(dtls(DtlsSetup::ActPass, Profile::Plain), kOverUdp, nullptr)->agreed ==
          KeyExchange::Dtls);
}

TEST_CASE("We let ourselves be called, unless the peer wants to be") {
    const auto setup = [](std::optional<DtlsSetup> theirs) {
        return answer_security(dtls(theirs), kOverUdp, nullptr)->setup;
    };

    CHECK(setup(DtlsSetup::ActPass) == DtlsSetup::Passive);
    CHECK(setup(DtlsSetup::Active) == DtlsSetup::Passive);
    CHECK(setup(DtlsSetup::Passive) == DtlsSetup::Active);
    CHECK(setup(std::nullopt) == DtlsSetup::Passive);
}

TEST_CASE("Of both ways the profile decides: RTP/SAVP means keys in SDP, all others DTLS") {
    CHECK(answer_security(both(Profile::Secure), policy(), nullptr)->agreed == KeyExchange::Sdes);
    CHECK(answer_security(both(Profile::Secure), kOverUdp, nullptr)->agreed == KeyExchange::Dtls);
    CHECK(answer_security(both(Profile::Plain), policy(), nullptr)->agreed == KeyExchange::Dtls);
    CHECK(answer_security(both(Profile::SecureByDtls), policy(), nullptr)->agreed ==
          KeyExchange::Dtls);
}

TEST_CASE(
    "Where encryption is required a plain offer is refused, and one that names what we lack") {
    const SecurityPolicy required = policy(MediaEncryption::Required);
    OfferedSecurity odd;
    odd.why_not = "a=crypto with an MKI";

    CHECK(answer_security({}, required, nullptr).error() ==
          "media must be encrypted here: no usable encryption: expected a=crypto over TLS "
          "signalling, or a=fingerprint");
    CHECK(answer_security(odd, required, nullptr).error() ==
          "media must be encrypted here: no usable encryption: a=crypto with an MKI");
    CHECK(answer_security(sdes(), required, nullptr)->agreed == KeyExchange::Sdes);
    CHECK(answer_security(dtls(), required, nullptr)->agreed == KeyExchange::Dtls);
}

TEST_CASE("Where it is off, what insists on it is refused, and what does not is plain") {
    const SecurityPolicy off = policy(MediaEncryption::Off);

    CHECK(answer_security(sdes(), off, nullptr).error() == "encrypted media is switched off here");
    CHECK_FALSE(answer_security(dtls(), off, nullptr));
    CHECK(answer_security(both(Profile::Plain), off, nullptr)->agreed == KeyExchange::None);
    CHECK(offer_security(off) == AnsweredSecurity());
}

TEST_CASE("A secure profile with nothing in it is refused") {
    OfferedSecurity empty;
    empty.profile = Profile::SecureByDtls;

    CHECK_FALSE(answer_security(empty, policy(), nullptr));
    OfferedSecurity keys_under_dtls = sdes(Profile::SecureByDtls);
    CHECK_FALSE(answer_security(keys_under_dtls, policy(), nullptr));
}

TEST_CASE("In a running call our key stays while the peer keeps tag and suite") {
    const SecurityPolicy p = policy();
    const auto first = answer_security(sdes(), p, nullptr);
    OfferedSecurity rekeyed = sdes();
    rekeyed.sdes[0].key = key_of(SrtpSuite::AeadAes128Gcm, 0x99);
    OfferedSecurity changed = sdes();
    changed.sdes.erase(changed.sdes.begin());

    CHECK(answer_security(sdes(), p, &*first)->sdes == first->sdes);
    CHECK(answer_security(rekeyed, p, &*first)->sdes == first->sdes);
    CHECK(answer_security(changed, p, &*first)->sdes.at(0).tag == 8);
}

TEST_CASE("In a running call our role stays while the peer leaves it to us") {
    const auto as_client = answer_security(dtls(DtlsSetup::Passive), kOverUdp, nullptr);

    CHECK(answer_security(dtls(), kOverUdp, &*as_client)->setup == DtlsSetup::Active);
    CHECK(answer_security(dtls(DtlsSetup::Active), kOverUdp, &*as_client)->setup ==
          DtlsSetup::Passive);
}

TEST_CASE(
    "Our own offer says all we can: keys over TLS only, DTLS beside them where plain will do") {
    const AnsweredSecurity tls = offer_security(policy());
    const AnsweredSecurity udp = offer_security(kOverUdp);
    const AnsweredSecurity tls_required = offer_security(policy(MediaEncryption::Required));
    const AnsweredSecurity udp_required = offer_security(policy(MediaEncryption::Required, false));

    REQUIRE(tls.sdes.size() == 3);
    CHECK(tls.sdes[0] == SdesKey{1, key_of(SrtpSuite::AeadAes256Gcm, 1)});
    CHECK(tls.sdes[2] == SdesKey{3, key_of(SrtpSuite::AesCm128HmacSha1_80, 3)});
    CHECK(tls.setup == DtlsSetup::ActPass);
    CHECK(udp.sdes.empty());
    CHECK(udp.setup == DtlsSetup::ActPass);
    CHECK_FALSE(tls_required.setup);
    CHECK(tls_required.required);
    CHECK(udp_required.setup == DtlsSetup::ActPass);
}

TEST_CASE("The answer settles what we offered: one of the keys, or a role, or none") {
    const AnsweredSecurity ours = offer_security(policy());
    OfferedSecurity second;
    second.sdes = {{2, key_of(SrtpSuite::AeadAes128Gcm, 0x55)}};

    const auto by_key = settle_security(ours, second);
    CHECK(by_key->agreed == KeyExchange::Sdes);
    CHECK(by_key->sdes == std::vector<SdesKey>{ours.sdes[1]});
    CHECK(settle_security(ours, dtls(DtlsSetup::Active))->setup == DtlsSetup::Passive);
    CHECK(settle_security(ours, dtls(DtlsSetup::Passive))->setup == DtlsSetup::Active);
    // Which RFC 5763 forbids, and baresip 1.0 says.
    CHECK(settle_security(ours, dtls(DtlsSetup::ActPass))->setup == DtlsSetup::Passive);
    CHECK(settle_security(ours, {})->agreed == KeyExchange::None);
}

TEST_CASE("An answer that does not fit our offer is refused") {
    const AnsweredSecurity ours = offer_security(policy());
    OfferedSecurity other_suite;
    other_suite.profile = Profile::Secure;
    other_suite.sdes = {{2, key_of(SrtpSuite::AeadAes256Gcm, 0x55)}};

    CHECK_FALSE(settle_security(ours, other_suite));
    CHECK_FALSE(settle_security(offer_security(policy(MediaEncryption::Required)), {}));
    CHECK_FALSE(settle_security(offer_security(kOverUdp), sdes()));
}

TEST_CASE("What was encrypted once is offered again encrypted, and never answered plainly") {
    const auto by_key = answer_security(sdes(), policy(), nullptr);
    const auto by_dtls = answer_security(dtls(), policy(), nullptr);

    const AnsweredSecurity keys_again = offer_security_again(*by_key);
    const AnsweredSecurity dtls_again = offer_security_again(*by_dtls);

    CHECK(keys_again.sdes == by_key->sdes);
    CHECK(dtls_again.setup == DtlsSetup::ActPass);
    CHECK_FALSE(settle_security(keys_again, {}));
    CHECK_FALSE(settle_security(dtls_again, {}));
    CHECK(offer_security_again({}) == AnsweredSecurity());
}

TEST_CASE("For new ports there are new keys, of the same tags and suites") {
    const auto before = answer_security(sdes(), policy(), nullptr);

    const AnsweredSecurity renewed = renew_security(*before, make_srtp_key);

    REQUIRE(renewed.sdes.size() == 1);
    CHECK(renewed.sdes[0].tag == before->sdes[0].tag);
    CHECK(renewed.sdes[0].key.suite() == before->sdes[0].key.suite());
    CHECK_FALSE(renewed.sdes[0].key == before->sdes[0].key);
}

TEST_CASE("No two keys are the same") {
    CHECK_FALSE(make_srtp_key(SrtpSuite::AeadAes256Gcm) == make_srtp_key(SrtpSuite::AeadAes256Gcm));
}

#include "signaling/sdp/security_attributes.h"

#include <catch2/catch.hpp>

#include "signaling/sdp/media_sdp.h"
#include "signaling/sdp/sdp_parser.h"
#include "signaling/sdp/sdp_writer.h"

using common::SrtpSuite;
using namespace signaling;
using Profile = OfferedSecurity::Profile;

namespace {

// The example of RFC 4568 5.1, and one of each other suite.
const std::string kKey80 = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const std::string kKeyGcm128 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==";
const std::string kKeyGcm256 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis=";
const std::string kFingerprint =
    "sha-256 12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:"
    "7C:AB:4A:AD";

std::string why_not(const std::string& value) {
    const auto key = parse_crypto(value);
    REQUIRE_FALSE(key);
    CHECK(key.error().find("WVNf") == std::string::npos);  // no byte of the key
    return key.error();
}

OfferedSecurity read(const std::string& media, const std::string& session = "") {
    const auto parsed =
        parse_sdp("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n" + session +
                  "t=0 0\r\n" + media);
    REQUIRE(parsed);
    return media_from_sdp(*parsed).media.at(0).security;
}

}  // namespace

TEST_CASE("A key of each suite is read, and said again as it was") {
    for (const auto& [suite, key] :
         {std::pair{"AES_CM_128_HMAC_SHA1_80", kKey80}, std::pair{"AEAD_AES_128_GCM", kKeyGcm128},
          std::pair{"AEAD_AES_256_GCM", kKeyGcm256}}) {
        const std::string value = std::string("1 ") + suite + " inline:" + key;
        const auto read = parse_crypto(value);
        REQUIRE(read);
        CHECK(read->tag == 1);
        CHECK(crypto_value(*read) == value);
    }
}

TEST_CASE("The padding of base64 may be missing") {
    CHECK(parse_crypto("1 AEAD_AES_128_GCM inline:" + kKeyGcm128.substr(0, 38)) ==
          parse_crypto("1 AEAD_AES_128_GCM inline:" + kKeyGcm128));
}

TEST_CASE("A lifetime is read over, and so are hints and what need not be understood") {
    const std::string plain = "1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey80;
    for (const char* more : {"|2^31", "|1048576", " WSH=64", " KDR=0", " -X=1", "|2^20 WSH=128"}) {
        INFO(more);
        CHECK(parse_crypto(plain + more) == parse_crypto(plain));
    }
}

TEST_CASE("What cannot be obeyed is named") {
    const std::string plain = "1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey80;

    CHECK(why_not(plain + "|2^31|1:1") == "a=crypto with an MKI");
    CHECK(why_not(plain + "|1:4") == "a=crypto with an MKI");
    CHECK(why_not(plain + ";inline:" + kKey80) == "a=crypto with several keys");
    CHECK(why_not(plain + " UNENCRYPTED_SRTP") == "a=crypto with UNENCRYPTED_SRTP");
    CHECK(why_not(plain + " UNENCRYPTED_SRTCP") == "a=crypto with UNENCRYPTED_SRTCP");
    CHECK(why_not(plain + " UNAUTHENTICATED_SRTP") == "a=crypto with UNAUTHENTICATED_SRTP");
    CHECK(why_not(plain + " KDR=1") == "a=crypto with KDR");
    CHECK(why_not(plain + " FEC_ORDER=FEC_SRTP") == "a=crypto with FEC_ORDER");
    CHECK(why_not(plain + " X=1") == "a=crypto with an unknown session parameter");
    CHECK(why_not(plain + "|soon") == "a=crypto with a bad lifetime");
    CHECK(why_not("1 AES_CM_128_HMAC_SHA1_32 inline:" + kKey80) ==
          "a=crypto of none of AEAD_AES_256_GCM, AEAD_AES_128_GCM, AES_CM_128_HMAC_SHA1_80");
    CHECK(why_not("1 AES_CM_128_HMAC_SHA1_80 uri:" + kKey80) == "a=crypto whose key is not inline");
}

TEST_CASE("A key that is too short, too long or no base64 is refused") {
    const std::string expected = "a=crypto whose key does not fit AES_CM_128_HMAC_SHA1_80";
    for (const std::string& key :
         {std::string(), kKey80.substr(1), kKey80 + "A", kKey80 + "AAAA", kKey80 + "=",
          kKey80.substr(0, 36) + "====", kKey80.substr(0, 39) + "!", kKey80.substr(0, 39) + " "}) {
        INFO(key);
        CHECK(why_not("1 AES_CM_128_HMAC_SHA1_80 inline:" + key) == expected);
    }
    // Bits behind the last byte.
    CHECK_FALSE(parse_crypto("1 AEAD_AES_128_GCM inline:" + kKeyGcm128.substr(0, 37) + "x=="));
}

TEST_CASE("A line of a=crypto that is none is refused") {
    for (const std::string& value :
         {std::string(), std::string("1"), std::string("1 AEAD_AES_128_GCM"),
          "x AES_CM_128_HMAC_SHA1_80 inline:" + kKey80,
          "-1 AES_CM_128_HMAC_SHA1_80 inline:" + kKey80,
          "1234567890 AES_CM_128_HMAC_SHA1_80 inline:" + kKey80}) {
        CHECK(why_not(value) == "a=crypto that cannot be read");
    }
}

TEST_CASE("Transports are known by their names") {
    CHECK(profile_of("RTP/AVP") == Profile::Plain);
    CHECK(profile_of("rtp/avpf") == Profile::Plain);
    CHECK(profile_of("RTP/SAVP") == Profile::Secure);
    CHECK(profile_of("RTP/SAVPF") == Profile::Secure);
    CHECK(profile_of("UDP/TLS/RTP/SAVP") == Profile::SecureByDtls);
    CHECK(profile_of("UDP/TLS/RTP/SAVPF") == Profile::SecureByDtls);
    CHECK_FALSE(profile_of("TCP/DTLS/RTP/SAVP"));
    CHECK_FALSE(profile_of("udptl"));
}

TEST_CASE("All keys of an m-line that can be obeyed are there, in order, each tag once") {
    const auto security = read(
        "m=audio 4000 RTP/SAVP 0\r\n"
        "a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:" +
        kKey80 +
        "\r\n"
        "a=crypto:3 AEAD_AES_128_GCM inline:" +
        kKeyGcm128 +
        "\r\n"
        "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" +
        kKey80 +
        "|2^31\r\n"
        "a=crypto:2 AEAD_AES_256_GCM inline:" +
        kKeyGcm256 + "\r\n");

    REQUIRE(security.sdes.size() == 2);
    CHECK(security.sdes[0].tag == 3);
    CHECK(security.sdes[1].key.suite() == SrtpSuite::AesCm128HmacSha1_80);
    CHECK(security.profile == Profile::Secure);
    CHECK(security.why_not.starts_with("a=crypto of none of"));
}

TEST_CASE(
    "Fingerprint and setup may stand for the whole session, and the medium's own count first") {
    const std::string line = "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n";
    const auto of_session = read(line, "a=fingerprint:" + kFingerprint + "\r\na=setup:actpass\r\n");
    const auto own = read(line + "a=setup:active\r\n",
                          "a=fingerprint:" + kFingerprint + "\r\na=setup:actpass\r\n");

    CHECK(of_session.fingerprints.size() == 1);
    CHECK(of_session.setup == DtlsSetup::ActPass);
    CHECK(own.fingerprints.size() == 1);
    CHECK(own.setup == DtlsSetup::Active);
}

TEST_CASE("Of several hashes the strongest counts, and one that nobody trusts is none") {
    std::string sha512 = "sha-512 00";
    for (int i = 1; i < 64; ++i) sha512 += ":00";
    const std::string line = "m=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=setup:passive\r\n";
    const auto two =
        read(line + "a=fingerprint:" + kFingerprint + "\r\na=fingerprint:" + sha512 + "\r\n");
    const auto sha1 = read(line + "a=fingerprint:sha-1 12:DF:3E\r\n");

    REQUIRE(two.fingerprints.size() == 1);
    CHECK(two.fingerprints[0].hash == common::Fingerprint::Hash::Sha512);
    CHECK(sha1.fingerprints.empty());
    CHECK(sha1.why_not == "a=fingerprint is not of sha-256, sha-384 or sha-512");
}

TEST_CASE("A setup that begins nothing makes DTLS unusable") {
    const auto held = read("m=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=setup:holdconn\r\na=fingerprint:" +
                           kFingerprint + "\r\n");

    CHECK(held.fingerprints.empty());
    CHECK_FALSE(held.why_not.empty());
}

TEST_CASE("Our side is written and read back the same") {
    AnsweredMedia ours;
    ours.kind = MediaKind::Audio;
    ours.mid = "0";
    ours.accepted = true;
    ours.receive = {{"PCMU", 0, 8000, 1, ""}};
    ours.address = "192.0.2.9";
    ours.rtp_port = 4000;
    ours.rtcp_port = 4001;
    ours.security.sdes = {*parse_crypto("1 AEAD_AES_256_GCM inline:" + kKeyGcm256)};
    ours.security.setup = DtlsSetup::ActPass;
    ours.security.fingerprint = kFingerprint;

    const auto text = write_sdp(sdp_from_media({{ours}}, {}, {"-", "1", "1", {}}));
    const auto back = media_from_sdp(*parse_sdp(text)).media.at(0).security;

    CHECK(text.find("m=audio 4000 RTP/AVP 0\r\n") != std::string::npos);
    CHECK(back.sdes == ours.security.sdes);
    CHECK(back.setup == DtlsSetup::ActPass);
    REQUIRE(back.fingerprints.size() == 1);
    CHECK(back.fingerprints[0].text() == kFingerprint);
}

TEST_CASE("An m-line of ours is named after what is required") {
    AnsweredSecurity ours;
    CHECK(protocol_for(ours) == std::string("RTP/AVP"));
    ours.required = true;
    ours.setup = DtlsSetup::ActPass;
    CHECK(protocol_for(ours) == std::string("UDP/TLS/RTP/SAVP"));
    ours.sdes = {{}};
    CHECK(protocol_for(ours) == std::string("RTP/SAVP"));
}

TEST_CASE("Without a fingerprint of ours nothing is said of DTLS") {
    AnsweredSecurity ours;
    ours.setup = DtlsSetup::ActPass;
    SdpMedia media;

    describe_security(ours, media);

    CHECK(media.attributes.empty());
}

#include "tools/endpoint/sdp_text.h"

#include <catch2/catch.hpp>

namespace {

using endpoint::AudioCodec;

endpoint::Abilities abilities() {
    endpoint::Abilities able;
    able.host = "127.0.0.1";
    able.audio_port = 4000;
    able.video_port = 4002;
    able.codecs = {AudioCodec::Opus, AudioCodec::Pcmu};
    return able;
}

bool holds(const std::string& sdp, const char* words) {
    return sdp.find(words) != std::string::npos;
}

TEST_CASE("Feedback is offered for the picture, unless it is not wanted") {
    endpoint::Abilities able = abilities();
    CHECK(holds(to_sdp(able), "a=rtcp-fb:97 nack pli"));
    CHECK(holds(to_sdp(able), "a=rtcp-fb:97 ccm fir"));

    able.feedback = false;

    CHECK_FALSE(holds(to_sdp(able), "rtcp-fb"));
    CHECK(holds(to_sdp(able), "m=video 4002 RTP/AVP 97"));
}

TEST_CASE("Keys are offered with a secure profile, and the answer's are read back") {
    endpoint::Abilities able = abilities();
    able.srtp = endpoint::srtp_suite_named("AEAD_AES_256_GCM");
    REQUIRE(able.srtp != nullptr);
    able.feedback_profile = able.nack = true;
    able.audio_key = able.srtp->make_key();
    able.video_key = able.srtp->make_key();
    const std::string offer = to_sdp(able);
    CHECK(holds(offer, "m=video 4002 RTP/SAVPF 97"));
    CHECK(holds(offer, "a=rtcp-fb:97 nack\r\n"));
    CHECK(holds(offer, "a=crypto:1 AEAD_AES_256_GCM inline:"));
    endpoint::Abilities theirs = able;
    theirs.audio_key = able.srtp->make_key();
    theirs.video_key = able.srtp->make_key();

    const auto agreed = endpoint::agreed(offer, to_sdp(theirs));

    REQUIRE(agreed.has_value());
    REQUIRE(agreed->sound.has_value());
    CHECK(agreed->sound->peer_key == theirs.audio_key);
    REQUIRE(agreed->picture.has_value());
    CHECK(agreed->picture->peer_key == theirs.video_key);
    CHECK(agreed->picture->payload_type == 97);
}

TEST_CASE("A medium that was offered with a key and answered without has not come about") {
    endpoint::Abilities able = abilities();
    able.srtp = endpoint::srtp_suite_named("AES_CM_128_HMAC_SHA1_80");
    able.audio_key = able.srtp->make_key();
    able.video_key = able.srtp->make_key();
    endpoint::Abilities theirs = able;
    theirs.srtp = endpoint::srtp_suite_named("AEAD_AES_128_GCM");
    theirs.audio_key = theirs.video_key = theirs.srtp->make_key();

    const auto plain = endpoint::agreed(to_sdp(able), to_sdp(abilities()));
    const auto other_suite = endpoint::agreed(to_sdp(able), to_sdp(theirs));

    REQUIRE(plain.has_value());
    CHECK_FALSE(plain->sound.has_value());
    CHECK_FALSE(plain->picture.has_value());
    REQUIRE(other_suite.has_value());
    CHECK_FALSE(other_suite->sound.has_value());
}

TEST_CASE("An IPv6 address is written as such, and read back as where to send") {
    endpoint::Abilities able = abilities();
    able.host = "::1";
    const std::string sdp = to_sdp(able);
    CHECK(holds(sdp, "c=IN IP6 ::1"));

    const auto agreed = endpoint::agreed(to_sdp(abilities()), sdp);

    REQUIRE(agreed.has_value());
    REQUIRE(agreed->sound.has_value());
    CHECK(agreed->sound->to.host == "::1");
    CHECK(agreed->sound->to.rtp_port == 4000);
    CHECK(agreed->sound->telephone_event_type == 101);
    REQUIRE(agreed->picture.has_value());
    CHECK(agreed->picture->to.rtcp_port == 4003);
}

TEST_CASE("The codec is the answerer's first that was offered") {
    endpoint::Abilities theirs = abilities();
    theirs.codecs = {AudioCodec::G722, AudioCodec::Pcmu, AudioCodec::Opus};

    const auto agreed = endpoint::agreed(to_sdp(abilities()), to_sdp(theirs));

    REQUIRE(agreed.has_value());
    REQUIRE(agreed->sound.has_value());
    CHECK(agreed->sound->codec == AudioCodec::Pcmu);
    CHECK(agreed->sound->payload_type == 0);
}

}  // namespace

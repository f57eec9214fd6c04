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

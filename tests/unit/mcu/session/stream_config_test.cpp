#include "mcu/session/stream_config.h"

#include <catch2/catch.hpp>

#include "tests/unit/mcu/session/session_fixture.h"

using mcu::check_media;
using mcu::MediaConfig;
using tests::SessionFixture;

namespace {

MediaConfig audio() {
    return SessionFixture::audio(common::AudioCodec::Opus, nullptr);
}
MediaConfig video() {
    return SessionFixture::video(nullptr);
}

std::string error_of(const std::vector<MediaConfig>& media) {
    const auto checked = check_media(media);
    return checked ? "" : checked.error().message;
}

}  // namespace

TEST_CASE("Clock rates that were left out are the codec's") {
    const auto checked = check_media({audio(), video()});

    REQUIRE(checked);
    const auto& formats = (*checked)[0].media.receive;
    CHECK(formats[0].clock_rate_hz == 48000);
    CHECK(formats[1].clock_rate_hz == 8000);
    CHECK(formats[2].clock_rate_hz == 8000);  // G.722
    CHECK((*checked)[1].media.send.clock_rate_hz == 90000);
}

TEST_CASE("RTCP is on the next port unless told, and on the same with rtcp-mux") {
    MediaConfig beside = audio();
    beside.peer = {"192.0.2.1", 5004, 0};
    MediaConfig elsewhere = beside;
    elsewhere.mid = "b";
    elsewhere.peer.rtcp_port = 6000;
    MediaConfig mux = beside;
    mux.mid = "c";
    mux.rtcp_mux = true;

    const auto checked = check_media({beside, elsewhere, mux});

    REQUIRE(checked);
    CHECK((*checked)[0].peer.rtcp.port() == 5005);
    CHECK((*checked)[1].peer.rtcp.port() == 6000);
    CHECK((*checked)[2].peer.rtcp.port() == 5004);
}

TEST_CASE("Each mistake is named with its medium") {
    MediaConfig twice = audio();
    CHECK(error_of({twice, twice}) == "medium 'a' is there twice");

    MediaConfig name = audio();
    name.peer = {"example.org", 5004, 0};
    CHECK(error_of({name}) == "medium 'a': 'example.org' is not a numeric IPv4 or IPv6 address");

    MediaConfig type = audio();
    type.receive[1].payload_type = 200;
    CHECK(error_of({type}) == "medium 'a': payload type 200 is beyond 127");

    MediaConfig clock = audio();
    clock.send.clock_rate_hz = 16000;
    CHECK(error_of({clock}) ==
          "medium 'a': payload type 111 has a clock of 16000 Hz instead of 48000");

    MediaConfig digits = audio();
    digits.telephone_event_clock_hz = -1;
    CHECK(error_of({digits}) == "medium 'a': telephone-event has a clock of -1 Hz");

    MediaConfig h264 = video();
    h264.send.fmtp = "profile-level-id=xyz";
    CHECK(error_of({h264}) ==
          "medium 'v': the H.264 parameters 'profile-level-id=xyz' cannot be read");

    MediaConfig mux = audio();
    mux.rtcp_mux = true;
    mux.receive[0].payload_type = 72;
    CHECK(error_of({mux}) ==
          "medium 'a': payload type 72 cannot be told from RTCP on a shared port");
}

TEST_CASE("A peer without a port is not known yet") {
    MediaConfig config = audio();
    config.peer = {"192.0.2.1", 0, 0};

    const auto checked = check_media({config});

    REQUIRE(checked);
    CHECK_FALSE((*checked)[0].peer.rtp.valid());
    CHECK_FALSE((*checked)[0].peer.rtcp.valid());
}

#include "signaling/sdp/sdp_writer.h"

#include <catch2/catch.hpp>

#include "signaling/sdp/sdp_parser.h"

using signaling::parse_sdp;
using signaling::SdpAddress;
using signaling::SdpMedia;
using signaling::SessionDescription;
using signaling::write_sdp;

namespace {

SessionDescription sample() {
    SessionDescription sdp;
    sdp.origin = {"-", "7", "1", {false, "192.0.2.1"}};
    sdp.name = "Tessera";
    sdp.connection = SdpAddress{false, "192.0.2.1"};
    sdp.bandwidths = {{"AS", 2500}};
    sdp.attributes = {{"sendrecv", ""}};
    SdpMedia video;
    video.media = "video";
    video.port = 5004;
    video.protocol = "RTP/AVP";
    video.formats = {"97", "98"};
    video.connection = SdpAddress{true, "2001:db8::1"};
    video.bandwidths = {{"TIAS", 2500000}};
    video.attributes = {{"rtpmap", "97 H264/90000"}, {"rtcp-mux", ""}};
    sdp.media = {video};
    return sdp;
}

}  // namespace

TEST_CASE("A description is written in the order of the standard") {
    CHECK(write_sdp(sample()) ==
          "v=0\r\n"
          "o=- 7 1 IN IP4 192.0.2.1\r\n"
          "s=Tessera\r\n"
          "c=IN IP4 192.0.2.1\r\n"
          "b=AS:2500\r\n"
          "t=0 0\r\n"
          "a=sendrecv\r\n"
          "m=video 5004 RTP/AVP 97 98\r\n"
          "c=IN IP6 2001:db8::1\r\n"
          "b=TIAS:2500000\r\n"
          "a=rtpmap:97 H264/90000\r\n"
          "a=rtcp-mux\r\n");
}

TEST_CASE("What was written reads back the same") {
    CHECK(parse_sdp(write_sdp(sample())).value() == sample());
}

TEST_CASE("A value cannot start a line of its own") {
    auto sdp = sample();
    sdp.media[0].attributes = {{"content", "main\r\nm=audio 6666 RTP/AVP 0"}};

    const auto back = parse_sdp(write_sdp(sdp));

    REQUIRE(back);
    CHECK(back->media.size() == 1);
    CHECK(back->media[0].attributes[0].value == "main  m=audio 6666 RTP/AVP 0");
}

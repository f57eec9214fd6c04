#include "signaling/sdp/web_attributes.h"

#include <catch2/catch.hpp>

#include "signaling/sdp/rtp_attributes.h"
#include "signaling/sdp/sdp_parser.h"
#include "tests/unit/signaling/sdp/browser_offers.h"

using namespace signaling;

namespace {

SessionDescription sdp(const std::string& session, const std::string& media) {
    const auto parsed = parse_sdp("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n" + session +
                                  "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" + media);
    REQUIRE(parsed);
    return *parsed;
}

SdpMedia medium(const std::string& media) {
    return sdp("", media).media.at(0);
}

SdpMedia video_of(const std::string& offer) {
    return parse_sdp(offer).value().media.at(1);
}

}  // namespace

TEST_CASE("Header extensions are read with their direction, in the one-byte form alone") {
    const auto media =
        sdp("",
            "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
            "a=extmap:6/recvonly http://example.org/playout-delay some attributes\r\n"
            "a=extmap:15 urn:too-high\r\na=extmap:0 urn:too-low\r\n"
            "a=extmap:4/upwards urn:x\r\na=extmap:5\r\na=extmap:3 urn:again\r\n"
            "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\n");

    CHECK(header_extensions_of(media.media[0], media) ==
          std::vector<HeaderExtension>{
              {3, MediaDirection::SendRecv, "urn:ietf:params:rtp-hdrext:sdes:mid"},
              {6, MediaDirection::RecvOnly, "http://example.org/playout-delay"}});
}

TEST_CASE("Extensions of the session hold for media that name none") {
    const auto of_session = sdp("a=extmap:3 urn:a\r\n", "");
    const auto of_medium = sdp("a=extmap:3 urn:a\r\n", "a=extmap:4 urn:b\r\n");

    CHECK(header_extensions_of(of_session.media[0], of_session).at(0).uri == "urn:a");
    CHECK(header_extensions_of(of_medium.media[0], of_medium).at(0).uri == "urn:b");
}

TEST_CASE("An extension is said as it is read") {
    CHECK(extmap_value({3, MediaDirection::SendRecv, "urn:a"}) == "3 urn:a");
    CHECK(extmap_value({2, MediaDirection::SendOnly, "urn:a"}) == "2/sendonly urn:a");
}

TEST_CASE("The bundle is the first BUNDLE group, whatever other groups there are") {
    CHECK(bundle_of(sdp("a=group:LS 0 1\r\na=group:BUNDLE a b\r\na=group:BUNDLE c\r\n", "")) ==
          std::vector<std::string>{"a", "b"});
    CHECK(bundle_of(sdp("a=group:BUNDLE\r\n", "")).empty());
    CHECK(bundle_of(sdp("", "")).empty());
}

TEST_CASE("A mid is a token") {
    CHECK(mid_of(medium("a=mid:sdparta_0\r\n")) == "sdparta_0");
    CHECK(mid_of(medium("a=mid:{x}\r\n")) == "{x}");
    CHECK(mid_of(medium("a=mid:a b\r\n")).empty());
    CHECK(mid_of(medium("a=mid:" + std::string(33, 'm') + "\r\n")).empty());
    CHECK(mid_of(medium("")).empty());
}

TEST_CASE("Chromium and Firefox name the stream that repairs each format") {
    const auto chromium = codecs_of(video_of(browser_offers::kChromium));
    const auto firefox = codecs_of(video_of(browser_offers::kFirefox));

    CHECK(rtx_for(chromium, 102) == 103);
    CHECK(rtx_for(chromium, 39) == 40);
    CHECK_FALSE(rtx_for(chromium, 120));
    CHECK(rtx_for(firefox, 120) == 124);
}

TEST_CASE("Feedback is that of one format and that of all") {
    CHECK(feedback_of(video_of(browser_offers::kChromium), 102) ==
          std::vector<std::string>{"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"});
    CHECK(feedback_of(medium("a=rtcp-fb:* nack\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:97 ccm fir\r\n"
                             "a=rtcp-fb:96\r\na=rtcp-fb:x nack pli\r\n"),
                      96) == std::vector<std::string>{"nack"});
}

TEST_CASE("Streams come with what repairs them") {
    CHECK(sent_streams_of(video_of(browser_offers::kChromium)) ==
          std::vector<SentStream>{{2560715490, 1345519607, "lKX+YQ+WsjXWdc//"}});
    CHECK(sent_streams_of(video_of(browser_offers::kFirefox)) ==
          std::vector<SentStream>{
              {2649448190, 1118315749, "{5209485d-4fe2-4e4c-80e3-b6a9a9b67c42}"}});
}

TEST_CASE("Broken and endless streams are left out") {
    std::string many;
    for (int i = 1; i < 100; ++i) many += "a=ssrc:" + std::to_string(i) + " cname:a\r\n";

    CHECK(sent_streams_of(medium(many)).size() == 8);
    CHECK(sent_streams_of(medium("a=ssrc:0 cname:a\r\na=ssrc:x cname:a\r\na=ssrc:4294967296 "
                                 "cname:a\r\na=ssrc-group:FID 1 2\r\n"))
              .empty());
    CHECK(sent_streams_of(medium("a=ssrc:1 cname:a\r\na=ssrc-group:FID 1 1\r\n")) ==
          std::vector<SentStream>{{1, 0, "a"}});
}

TEST_CASE("A medium says whose part it is") {
    CHECK(msid_of(medium("a=msid:stream track\r\n")) == MediaStreamName{"stream", "track"});
    CHECK(msid_of(medium("a=msid:-\r\n")) == MediaStreamName{"-", ""});
    CHECK_FALSE(msid_of(medium("")));
}

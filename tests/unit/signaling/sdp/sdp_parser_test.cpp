#include "signaling/sdp/sdp_parser.h"

#include <catch2/catch.hpp>

using signaling::parse_sdp;
using signaling::SdpLimits;

namespace {

const std::string kHead = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";

std::string error_of(const std::string& text, const SdpLimits& limits = {}) {
    const auto parsed = parse_sdp(text, limits);
    return parsed ? "(read)" : parsed.error().text();
}

}  // namespace

TEST_CASE("A whole description is read, session and media apart") {
    const auto sdp = parse_sdp(
        "v=0\r\n"
        "o=anna 2890844526 2890844527 IN IP4 host.example\r\n"
        "s=Call\r\n"
        "c=IN IP4 192.0.2.1/127\r\n"
        "b=AS:1024\r\n"
        "t=0 0\r\n"
        "a=sendonly\r\n"
        "m=audio 49170/2 RTP/AVP 0 8\r\n"
        "a=rtpmap:0 PCMU/8000\r\n"
        "m=video 51372 RTP/AVPF 99\r\n"
        "i=camera\r\n"
        "c=IN IP6 2001:db8::1\r\n"
        "b=TIAS:768000\r\n"
        "a=rtcp-mux\r\n");

    REQUIRE(sdp);
    CHECK(sdp->origin.username == "anna");
    CHECK(sdp->origin.version == "2890844527");
    CHECK(sdp->name == "Call");
    CHECK(sdp->connection->address == "192.0.2.1");
    CHECK(sdp->bandwidths.at(0).value == 1024);
    CHECK(sdp->attributes.at(0).name == "sendonly");
    REQUIRE(sdp->media.size() == 2);
    CHECK(sdp->media[0].port == 49170);
    CHECK(sdp->media[0].formats == std::vector<std::string>{"0", "8"});
    CHECK(sdp->media[0].attributes.at(0).value == "0 PCMU/8000");
    CHECK(sdp->media[1].protocol == "RTP/AVPF");
    CHECK(sdp->media[1].connection->ipv6);
    CHECK(sdp->media[1].bandwidths.at(0).type == "TIAS");
}

TEST_CASE(
    "What room systems send is read: bare line feeds, empty lines, odd letters, no s= or t=") {
    const auto sdp = parse_sdp(
        "v=0\n\no=- 1 1 IN IP4 192.0.2.1\nx=vendor\nc=IN IP4 192.0.2.1\n"
        "m=audio 4000 RTP/AVP 0\ny=0100000001\na=sendrecv \n\r\n");

    REQUIRE(sdp);
    CHECK(sdp->media.at(0).attributes.at(0).name == "sendrecv");
}

TEST_CASE("Version numbers beyond 64 bits are kept as they are") {
    const auto sdp = parse_sdp("v=0\r\no=- 99999999999999999999999 1 IN IP4 192.0.2.1\r\n");

    REQUIRE(sdp);
    CHECK(sdp->origin.session_id == "99999999999999999999999");
}

TEST_CASE("An error names its line and what was expected") {
    CHECK(error_of("") == "empty");
    CHECK(error_of("hello") == "line 1: expected a letter and '=', got 'hello'");
    CHECK(error_of("o=- 1 1 IN IP4 192.0.2.1\r\n") ==
          "line 1: expected v=0 first, got 'o=- 1 1 IN IP4 192.0.2.1'");
    CHECK(error_of("v=1\r\n") == "line 1: version '1' of v= is not 0");
    CHECK(error_of("v=0\r\ns=-\r\n") == "no o= line");
    CHECK(error_of("v=0\r\no=- 1 IN IP4 192.0.2.1\r\n") ==
          "line 2: o= needs six words, got '- 1 IN IP4 192.0.2.1'");
    CHECK(error_of("v=0\r\no=- a 1 IN IP4 192.0.2.1\r\n") ==
          "line 2: session id and version of o= must be numbers, got '- a 1 IN IP4 192.0.2.1'");
    CHECK(error_of("v=0\r\no=- 1 1 IN IP5 192.0.2.1\r\n") ==
          "line 2: o=: expected 'IN IP4' or 'IN IP6', got 'IN IP5'");
    CHECK(error_of(kHead + "c=IN IP4\r\n") == "line 5: c= needs three words, got 'IN IP4'");
    CHECK(error_of(kHead + "c=IN IP4 /127\r\n") == "line 5: c=: no address");
    CHECK(error_of(kHead + "b=AS:fast\r\n") == "line 5: b= needs type:number, got 'fast'");
    CHECK(error_of(kHead + "a=:x\r\n") == "line 5: a= without a name");
    CHECK(error_of(kHead + "m=audio RTP/AVP 0\r\n") ==
          "line 5: m= needs media, port, protocol, format; got 'audio RTP/AVP 0'");
    CHECK(error_of(kHead + "\r\nm=audio 70000 RTP/AVP 0\r\n") ==
          "line 6: port '70000' of m= is not a number from 0 to 65535");
    CHECK(error_of(kHead + "m=audio -1 RTP/AVP 0\r\n") ==
          "line 5: port '-1' of m= is not a number from 0 to 65535");
}

TEST_CASE("What could fool a reader is refused") {
    using namespace std::string_literals;
    CHECK(error_of(kHead + "v=0\r\n") == "line 5: second v= line");
    CHECK(error_of(kHead + "o=- 1 1 IN IP4 192.0.2.9\r\n") == "line 5: second o= line");
    CHECK(error_of(kHead + "c=IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.2\r\n") ==
          "line 6: second c= line in one section");
    CHECK(error_of(kHead + "a=x\0y\r\n"s) == "line 5: NUL inside a line");
    CHECK(error_of(kHead + "a=x\ra=y\r\n") == "line 5: carriage return inside a line");
}

TEST_CASE("Nothing beyond the limits is read") {
    SdpLimits limits;
    limits.media = 1;
    limits.formats_per_media = 2;
    limits.attributes_per_section = 1;
    limits.line_bytes = 60;
    limits.lines = 8;
    const std::string media = "m=audio 4000 RTP/AVP 0\r\n";

    CHECK(error_of(kHead + media + media, limits) == "line 6: more m= lines than we read");
    CHECK(error_of(kHead + "m=audio 4000 RTP/AVP 0 1 2\r\n", limits) ==
          "line 5: more formats of m= than we read");
    CHECK(error_of(kHead + "a=x\r\na=y\r\n", limits) == "line 6: more a= lines than we read");
    CHECK(error_of(kHead + "a=" + std::string(80, 'x') + "\r\n", limits) ==
          "line 5: line is longer than we read");
    CHECK(error_of(kHead + "\n\n\n\n\n\n", limits) == "line 9: more lines than we read");
    limits.text_bytes = 20;
    CHECK(error_of(kHead, limits) == "longer than we read");
    std::string many = kHead;
    for (int i = 0; i < 17; ++i) many += "b=AS:1\r\n";
    CHECK(error_of(many) == "line 21: more b= lines than we read");
}

TEST_CASE("A long or binary value is quoted only by its readable beginning") {
    CHECK(error_of("\x01" + std::string(60, 'y')) ==
          "line 1: expected a letter and '=', got '?" + std::string(39, 'y') + "…'");
}

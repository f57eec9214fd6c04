#include "signaling/sip/info_body.h"

#include <catch2/catch.hpp>

using namespace signaling;
using namespace std::chrono_literals;

namespace {

InfoMeaning relay(const std::string& text) {
    return read_info({"application/dtmf-relay", "", text});
}
InfoMeaning control(const std::string& text) {
    return read_info({"application/media_control+xml", "", text});
}

}  // namespace

TEST_CASE("A digit by dtmf-relay is read with its duration, in any order and case") {
    CHECK(relay("Signal=5\r\nDuration=160\r\n") == InfoMeaning(InfoDigit{'5', 160ms}));
    CHECK(relay("duration= 100\nSIGNAL= #") == InfoMeaning(InfoDigit{'#', 100ms}));
    CHECK(relay("Signal=d\r\n") == InfoMeaning(InfoDigit{'D', 0ms}));
}

TEST_CASE("Star and hash come as characters or as event numbers") {
    CHECK(relay("Signal=*\r\n") == InfoMeaning(InfoDigit{'*', 0ms}));
    CHECK(relay("Signal=10\r\n") == InfoMeaning(InfoDigit{'*', 0ms}));
    CHECK(relay("Signal=11\r\n") == InfoMeaning(InfoDigit{'#', 0ms}));
}

TEST_CASE("application/dtmf holds the digit and nothing else") {
    CHECK(read_info({"application/dtmf", "", "7"}) == InfoMeaning(InfoDigit{'7', 0ms}));
    CHECK(read_info({"application/dtmf", "", " 7 \r\n"}) == InfoMeaning(InfoDigit{'7', 0ms}));
}

TEST_CASE("What is no digit is malformed") {
    CHECK(relay("Signal=12\r\n") == InfoMeaning(InfoMalformed{}));
    CHECK(relay("Signal=\r\nDuration=160\r\n") == InfoMeaning(InfoMalformed{}));
    CHECK(relay("Duration=160\r\n") == InfoMeaning(InfoMalformed{}));
    CHECK(relay("x") == InfoMeaning(InfoMalformed{}));
}

TEST_CASE("An endless duration is a minute, an unreadable one is not said") {
    CHECK(relay("Signal=1\r\nDuration=4000000000\r\n") == InfoMeaning(InfoDigit{'1', 60s}));
    CHECK(relay("Signal=1\r\nDuration=long\r\n") == InfoMeaning(InfoDigit{'1', 0ms}));
}

TEST_CASE("A picture fast update is understood, as we write it too") {
    CHECK(control("<media_control><vc_primitive><to_encoder><picture_fast_update>"
                  "</picture_fast_update></to_encoder></vc_primitive></media_control>") ==
          InfoMeaning(InfoPictureFastUpdate{}));
    CHECK(read_info(picture_fast_update_body()) == InfoMeaning(InfoPictureFastUpdate{}));
}

TEST_CASE("Other primitives are fine and mean nothing; other XML is malformed") {
    CHECK(control("<media_control><x/></media_control>") == InfoMeaning(InfoNothing{}));
    CHECK(control("<html/>") == InfoMeaning(InfoMalformed{}));
}

TEST_CASE("An empty INFO is fine; an unknown or encoded body is not") {
    CHECK(read_info({}) == InfoMeaning(InfoNothing{}));
    CHECK(read_info({"text/plain", "", "hello"}) == InfoMeaning(InfoUnknownType{}));
    CHECK(read_info({"application/dtmf", "gzip", "7"}) == InfoMeaning(InfoUnknownType{}));
}

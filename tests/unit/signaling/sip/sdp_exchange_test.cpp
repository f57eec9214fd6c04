#include "signaling/sip/sdp_exchange.h"

#include <catch2/catch.hpp>

#include "signaling/conference/negotiate.h"

using namespace signaling;

namespace {

std::string offer_with(const std::string& media, int version = 1) {
    return "v=0\r\no=- 1 " + std::to_string(version) +
           " IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" + media;
}

const std::string kAudio = "m=audio 4000 RTP/AVP 0\r\n";
const std::string kBfcp = "m=application 5000 TCP/BFCP *\r\n";

MediaAnswer answer_to(const MediaOffer& offer, std::uint16_t port = 20000) {
    auto answer = negotiate(offer, {}).value();
    for (auto& m : answer.media) {
        m.address = "192.0.2.9";
        m.rtp_port = port;
        m.rtcp_port = static_cast<std::uint16_t>(port + 1);
    }
    return answer;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Our version counts up when what we say changes, and only then") {
    SdpExchange sdp("77");
    const auto first = sdp.answer(answer_to(sdp.read_offer(offer_with(kAudio)).value()));
    const auto same = sdp.answer(answer_to(sdp.read_offer(offer_with(kAudio, 2)).value()));
    const auto moved = sdp.answer(answer_to(sdp.read_offer(offer_with(kAudio, 3)).value(), 20010));

    CHECK(contains(first, "o=- 77 1 IN IP4 192.0.2.9\r\n"));
    CHECK(same == first);
    CHECK(contains(moved, "o=- 77 2 IN IP4 192.0.2.9\r\n"));
}

TEST_CASE("The same offer again is a refresh, another one is not") {
    SdpExchange sdp("77");
    const auto answer = sdp.answer(answer_to(sdp.read_offer(offer_with(kAudio)).value()));

    CHECK(sdp.repeated_answer(offer_with(kAudio)) == answer);
    CHECK_FALSE(sdp.repeated_answer(offer_with(kAudio, 2)));
}

TEST_CASE("After an offer of ours nothing is a mere refresh") {
    SdpExchange sdp("77");
    const auto answer = answer_to(sdp.read_offer(offer_with(kAudio)).value());
    static_cast<void>(sdp.answer(answer));
    static_cast<void>(sdp.offer(answer));

    CHECK_FALSE(sdp.repeated_answer(offer_with(kAudio)));
}

TEST_CASE("A refused offer leaves the dialog as it was") {
    SdpExchange sdp("77");
    const auto answer = sdp.answer(answer_to(sdp.read_offer(offer_with(kAudio)).value()));

    CHECK(sdp.read_offer(offer_with(kAudio + kBfcp)));

    CHECK(sdp.repeated_answer(offer_with(kAudio)) == answer);
    CHECK(sdp.read_offer(offer_with(kAudio, 3)));
}

TEST_CASE("An offer may not drop an m-line of the dialog") {
    SdpExchange sdp("77");
    static_cast<void>(sdp.answer(answer_to(sdp.read_offer(offer_with(kAudio + kBfcp)).value())));

    CHECK(sdp.read_offer(offer_with(kAudio)).error() == "SDP has 1 m-lines, the dialog has 2");
}

TEST_CASE("Our offer keeps the places of what the peer offered, declined ones too") {
    SdpExchange sdp("77");
    const auto answer = answer_to(sdp.read_offer(offer_with(kBfcp + kAudio)).value());
    static_cast<void>(sdp.answer(answer));

    const auto offer = sdp.offer(answer);

    CHECK(contains(offer, "m=application 0 TCP/BFCP *\r\nm=audio 20000 RTP/AVP 0\r\n"));
}

TEST_CASE("Errors say which line") {
    SdpExchange sdp("77");
    CHECK(sdp.read_offer("v=0\r\nx").error() == "SDP line 2: expected a letter and '=', got 'x'");
    CHECK(sdp.read_answer("nonsense").error() ==
          "SDP line 1: expected a letter and '=', got 'nonsense'");
}

#include "signaling/sdp/browser_sdp.h"

#include <catch2/catch.hpp>

#include "signaling/conference/negotiate.h"
#include "signaling/sdp/sdp_parser.h"
#include "signaling/sdp/sdp_writer.h"
#include "tests/unit/signaling/sdp/browser_offers.h"

using namespace signaling;

namespace {

const std::string kFingerprint =
    "sha-256 CF:21:21:18:75:F2:E7:42:EB:42:44:E7:E4:4B:9D:E7:90:2B:CE:5B:20:2E:06:65:06:3A:5B:8D:"
    "8F:0D:45:FC";

tl::expected<BrowserOffer, BrowserSdpError> read(const std::string& text,
                                                 BrowserUse use = BrowserUse::Meet) {
    const auto parsed = parse_sdp(text);
    REQUIRE(parsed);
    return read_browser_offer(*parsed, use);
}

/// "code: text"
std::string refusal(const std::string& text, BrowserUse use = BrowserUse::Meet) {
    const auto offer = read(text, use);
    return offer ? "(taken)"
                 : std::string(code_name(offer.error().code)) + ": " + offer.error().text;
}

std::string without(std::string text, const std::string& line) {
    for (auto at = text.find(line); at != std::string::npos; at = text.find(line)) {
        text.erase(at, text.find('\n', at) + 1 - at);
    }
    return text;
}

std::string with(std::string text, const std::string& old, const std::string& now) {
    const auto at = text.find(old);
    REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), now);
}

MediaAnswer negotiated(const BrowserOffer& offer) {
    Capabilities have;
    have.security.encryption = MediaEncryption::Required;
    auto answer = negotiate(offer.media, have);
    REQUIRE(answer);
    std::uint32_t ssrc = 100;
    for (AnsweredMedia& medium : answer->media) {
        medium.ssrc = ssrc++;
        medium.cname = "tessera";
        medium.security.fingerprint = kFingerprint;
    }
    return *answer;
}

BrowserSide our_side() {
    BrowserSide side;
    side.ice = {{"abcd", "abcdefghijklmnopqrstuv"}, true, true, {}, true};
    side.ice.candidates = {*IceCandidate::parse("1 1 udp 2130706431 192.0.2.9 20000 typ host")};
    side.extensions = {"urn:ietf:params:rtp-hdrext:sdes:mid",
                       "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"};
    side.feedback = {"transport-cc"};
    side.rtx = true;
    side.rtx_ssrcs = {0, 201};
    return side;
}

std::string answer_to(const BrowserOffer& offer) {
    return write_sdp(browser_answer(negotiated(offer), offer, our_side(), {"-", "7", "1", {}}));
}

}  // namespace

TEST_CASE("Chromium's offer is taken: both media, one transport") {
    const auto offer = read(browser_offers::kChromium);

    REQUIRE(offer);
    REQUIRE(offer->media.media.size() == 2);
    CHECK(offer->media.media[1].usable);
    CHECK(offer->media.media[1].direction == MediaDirection::SendRecv);
    CHECK(offer->media.media[0].address.empty());
    CHECK(offer->media.media[1].security.fingerprints.at(0).text() == kFingerprint);
    CHECK(offer->media.media[1].security.setup == DtlsSetup::ActPass);
    CHECK(offer->lines[1].mid == "1");
    CHECK(offer->lines[1].streams.at(0).rtx_ssrc == 1345519607);
    CHECK(offer->ice.credentials.ufrag == "xA9c");
    CHECK(offer->ice.trickle);
    CHECK(offer->ice.candidates.size() == 4);
}

TEST_CASE("Firefox's offer is taken: its video on port 0 is not switched off") {
    const auto offer = read(browser_offers::kFirefox);

    REQUIRE(offer);
    CHECK(offer->media.media[1].usable);
    CHECK(offer->media.media[1].security.fingerprints.size() == 1);
    CHECK(offer->ice.credentials.ufrag == "36e6c23a");
    CHECK(offer->ice.end_of_candidates);
}

TEST_CASE("Chromium is answered with one codec each, what repairs it, and one transport") {
    const auto offer = read(browser_offers::kChromium);

    CHECK(
        answer_to(*offer) ==
        "v=0\r\n"
        "o=- 7 1 IN IP4 192.0.2.9\r\n"
        "s=Tessera\r\n"
        "c=IN IP4 192.0.2.9\r\n"
        "t=0 0\r\n"
        "a=ice-lite\r\n"
        "a=group:BUNDLE 0 1\r\n"
        "m=audio 20000 UDP/TLS/RTP/SAVPF 111 110\r\n"
        "a=rtpmap:111 opus/48000/2\r\n"
        "a=fmtp:111 useinbandfec=1\r\n"
        "a=rtpmap:110 telephone-event/48000\r\n"
        "a=fmtp:110 0-15\r\n"
        "a=ptime:20\r\n"
        "a=sendrecv\r\n"
        "a=rtcp-mux\r\n"
        "a=fingerprint:" +
            kFingerprint +
            "\r\n"
            "a=setup:passive\r\n"
            "a=ssrc:100 cname:tessera\r\n"
            "a=mid:0\r\n"
            "a=ice-ufrag:abcd\r\n"
            "a=ice-pwd:abcdefghijklmnopqrstuv\r\n"
            "a=ice-options:ice2 trickle\r\n"
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
            "a=rtcp-fb:* transport-cc\r\n"
            "a=msid:tessera audio0\r\n"
            "a=candidate:1 1 udp 2130706431 192.0.2.9 20000 typ host\r\n"
            "a=end-of-candidates\r\n"
            "m=video 20000 UDP/TLS/RTP/SAVPF 108 109\r\n"
            "a=rtpmap:108 H264/90000\r\n"
            "a=fmtp:108 profile-level-id=42e028;packetization-mode=1;level-asymmetry-allowed=1\r\n"
            "a=sendrecv\r\n"
            "a=rtcp-mux\r\n"
            "a=rtcp-fb:* nack\r\n"
            "a=fingerprint:" +
            kFingerprint +
            "\r\n"
            "a=setup:passive\r\n"
            "a=rtcp-fb:* nack pli\r\n"
            "a=rtcp-fb:* ccm fir\r\n"
            "a=ssrc:101 cname:tessera\r\n"
            "a=mid:1\r\n"
            "a=ice-ufrag:abcd\r\n"
            "a=ice-pwd:abcdefghijklmnopqrstuv\r\n"
            "a=ice-options:ice2 trickle\r\n"
            "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n"
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
            "a=rtcp-fb:* transport-cc\r\n"
            "a=rtpmap:109 rtx/90000\r\n"
            "a=fmtp:109 apt=108\r\n"
            "a=ssrc-group:FID 101 201\r\n"
            "a=ssrc:201 cname:tessera\r\n"
            "a=msid:tessera video1\r\n");
}

TEST_CASE("Firefox without H.264 is answered with its VP8, and the repeats of that") {
    const auto offer = read(browser_offers::kFirefox);

    const auto answer = parse_sdp(answer_to(*offer)).value();

    CHECK(bundle_of(answer) == std::vector<std::string>{"0", "1"});
    CHECK(answer.media.at(1).formats == std::vector<std::string>{"120", "124"});
    const auto* fmtp = find_attribute(answer.media.at(1).attributes, "fmtp");
    REQUIRE(fmtp != nullptr);
    CHECK(fmtp->value == "120 max-fs=8160;max-fr=30");
}

TEST_CASE("What Firefox has no common codec for is declined, and left out of the bundle") {
    std::string without(browser_offers::kFirefox);
    without.replace(without.find("VP8/90000"), 3, "VPX");
    const auto offer = read(without);

    const auto answer = parse_sdp(answer_to(*offer)).value();

    CHECK(bundle_of(answer) == std::vector<std::string>{"0"});
    CHECK(answer.media.at(1).port == 0);
    CHECK(mid_of(answer.media.at(1)) == "1");
    CHECK(find_attribute(answer.media.at(1).attributes, "ice-ufrag") == nullptr);
}

TEST_CASE("Who publishes is answered recvonly, who watches sendonly, though both said sendrecv") {
    const auto publish = read(browser_offers::kChromium, BrowserUse::Publish);
    const auto watch = read(browser_offers::kChromium, BrowserUse::Watch);

    const auto to_publisher = parse_sdp(answer_to(*publish)).value();
    for (const auto& media : to_publisher.media) {
        CHECK(find_attribute(media.attributes, "recvonly") != nullptr);
        CHECK(find_attribute(media.attributes, "msid") == nullptr);
        CHECK(find_attribute(media.attributes, "ssrc-group") == nullptr);
    }
    const auto to_watcher = parse_sdp(answer_to(*watch)).value();
    for (const auto& media : to_watcher.media) {
        CHECK(find_attribute(media.attributes, "sendonly") != nullptr);
    }
}

TEST_CASE("The wrong way round is refused") {
    const auto& offer = browser_offers::kChromium;

    CHECK(refusal(with(offer, "a=sendrecv", "a=recvonly"), BrowserUse::Publish) ==
          "wrong_direction: media 0 (audio): recvonly: who publishes offers sendonly");
    CHECK(refusal(with(offer, "a=sendrecv", "a=inactive"), BrowserUse::Watch) ==
          "wrong_direction: media 0 (audio): inactive: who watches offers recvonly");
    CHECK(refusal(with(offer, "a=sendrecv", "a=inactive")) == "(taken)");
}

TEST_CASE("An offer without a fingerprint, or with a poor one, is refused and told so") {
    const auto& offer = browser_offers::kChromium;

    CHECK(refusal(without(offer, "a=fingerprint")) ==
          "no_fingerprint: media 0: no a=fingerprint: media is taken by DTLS-SRTP only");
    CHECK(refusal(without(without(browser_offers::kFirefox, "a=fingerprint"), "a=extmap")) ==
          "no_fingerprint: media 0: no a=fingerprint: media is taken by DTLS-SRTP only");
    CHECK(refusal(with(offer, "sha-256", "sha-1")) ==
          "no_fingerprint: media 0: a=fingerprint is not of sha-256, sha-384 or sha-512: media is "
          "taken by DTLS-SRTP only");
}

TEST_CASE("A fingerprint of a line that does not speak for the transport does not count") {
    const auto only_in_video = with(browser_offers::kChromium, "a=fingerprint", "a=x-fingerprint");

    CHECK(refusal(only_in_video).starts_with("no_fingerprint: media 0: "));
}

TEST_CASE("An offer that we could not reach or keep apart is refused") {
    const auto& offer = browser_offers::kChromium;

    CHECK(refusal(without(offer, "a=ice-pwd")) ==
          "no_ice: no a=ice-ufrag and a=ice-pwd (RFC 8839 5.4): media is taken by ICE only");
    CHECK(refusal(without(offer, "a=rtcp-mux")) ==
          "no_rtcp_mux: media 0 (audio): no a=rtcp-mux: there is one port for both");
    CHECK(refusal(without(offer, "a=group")) ==
          "not_bundled: media 0 (audio): not in a=group:BUNDLE: all media go by one transport");
    CHECK(refusal(with(offer, "BUNDLE 0 1", "BUNDLE 0")) ==
          "not_bundled: media 1 (video): not in a=group:BUNDLE: all media go by one transport");
    CHECK(refusal(with(offer, "a=mid:1", "a=mid:0")) == "bad_sdp: a=mid:0 is there twice");
    CHECK(refusal(with(offer, "a=mid:1", "a=mid:a b")) ==
          "bad_sdp: media 1: a=mid is no token of 1 to 32 characters");
    CHECK(refusal(with(offer, "UDP/TLS/RTP/SAVPF", "RTP/AVPF")) ==
          "bad_sdp: media 0 (audio): media is taken over UDP/TLS/RTP/SAVPF only");
    CHECK(refusal(with(with(offer, "SAVPF 96 97", "SAVPF 96 111"), "a=rtpmap:96",
                       "a=rtpmap:111 X/90000\na=rtpmap:96")) ==
          "bad_sdp: payload type 111 means two things in one bundle");
    CHECK(refusal(with(offer, "a=extmap:14", "a=extmap:1")) ==
          "bad_sdp: a=extmap:1 means two things in one bundle");
    CHECK(refusal("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n") == "bad_sdp: no m= line");
}

TEST_CASE("One medium alone needs no bundle, and gets none") {
    const std::string& both = browser_offers::kChromium;
    const auto offer = read(without(both.substr(0, both.find("m=video")), "a=group"));

    REQUIRE(offer);
    const auto answer = parse_sdp(answer_to(*offer)).value();
    CHECK(bundle_of(answer).empty());
    CHECK(answer.media.size() == 1);
}

TEST_CASE("A data channel beside the media is declined, and does no harm") {
    const auto offer = read(with(browser_offers::kChromium, "BUNDLE 0 1", "BUNDLE 2 0 1") +
                            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:2\n"
                            "a=ice-ufrag:xA9c\na=ice-pwd:Mdsg4VwF1nxjiGvexG5iiQgd\n"
                            "a=fingerprint:" +
                            kFingerprint + "\na=setup:actpass\n");

    REQUIRE(offer);
    const auto answer = parse_sdp(answer_to(*offer)).value();
    CHECK(bundle_of(answer) == std::vector<std::string>{"0", "1"});
    CHECK(answer.media.at(2).port == 0);
}

TEST_CASE("Where we have no address yet, ICE's place-holder stands in the answer") {
    const auto offer = read(browser_offers::kChromium);
    BrowserSide side = our_side();
    side.ice.candidates.clear();

    const auto answer = browser_answer(negotiated(*offer), *offer, side, {});

    CHECK(answer.media.at(0).port == 9);
    CHECK(answer.connection->address == "0.0.0.0");
}

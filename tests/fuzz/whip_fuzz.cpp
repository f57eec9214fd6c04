// Bodies of WHIP and WHEP from anybody who can reach the HTTPS port. The first byte chooses what is
// asked; the rest is the body.
// Covers: signaling/webrtc/whip_request.cpp signaling/sdp/browser_sdp.cpp
// Covers: signaling/sdp/web_attributes.cpp signaling/sdp/ice_attributes.cpp

#include <string>

#include "signaling/conference/negotiate.h"
#include "signaling/sdp/sdp_parser.h"
#include "signaling/sdp/sdp_writer.h"
#include "signaling/webrtc/whip_request.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using namespace signaling;

void check_refusal(const WebResponse& response) {
    FUZZ_EXPECT(response.status == 400 || response.status == 415 || response.status == 406);
    FUZZ_EXPECT(response.content_type == "application/problem+json" && !response.body.empty());
}

BrowserSide our_side() {
    BrowserSide side;
    side.ice = {{"ours", "abcdefghijklmnopqrstuv"}, true, false, {}, true};
    side.ice.candidates = {*IceCandidate::parse("1 1 udp 2130706431 192.0.2.9 20000 typ host")};
    side.extensions = {"urn:ietf:params:rtp-hdrext:sdes:mid"};
    side.feedback = {"transport-cc"};
    side.rtx = true;
    return side;
}

/// What we answer can be read, has the lines of the offer, and flows the one way that is meant.
void check_answer(const BrowserOffer& offer, BrowserUse use) {
    Capabilities have;
    have.security.encryption = MediaEncryption::Required;
    auto ours = negotiate(offer.media, have);
    if (!ours) {
        FUZZ_EXPECT(!ours.error().text.empty());
        return;
    }
    for (AnsweredMedia& medium : ours->media) {
        FUZZ_EXPECT(use != BrowserUse::Publish || !sends(medium.direction));
        FUZZ_EXPECT(use != BrowserUse::Watch || !receives(medium.direction));
        FUZZ_EXPECT(!medium.accepted || medium.security.agreed == KeyExchange::Dtls);
        medium.ssrc = 7;
        medium.cname = "tessera";
        medium.security.fingerprint =
            common::Fingerprint{common::Fingerprint::Hash::Sha256, std::vector<std::uint8_t>(32, 1)}
                .text();
    }
    const auto text = write_sdp(browser_answer(*ours, offer, our_side(), {"-", "1", "1", {}}));
    const auto back = parse_sdp(text);
    FUZZ_EXPECT(back.has_value());
    FUZZ_EXPECT(back->media.size() == offer.description.media.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::uint8_t how = data[0] % 3U;
    WebRequest request;
    request.body.assign(reinterpret_cast<const char*>(data + 1), size - 1);
    request.headers["content-type"] =
        how == 2 ? "application/trickle-ice-sdpfrag" : "application/sdp";
    if (how == 2) {
        const auto fragment = read_whip_patch(request);
        if (!fragment) check_refusal(fragment.error());
        return 0;
    }
    // The same bytes as headers: whatever they say, somebody is told.
    WebRequest odd = request;
    odd.headers["accept"] = request.body.substr(0, 64);
    const auto use = how == 0 ? BrowserUse::Publish : BrowserUse::Watch;
    if (const auto taken = read_whip_offer(odd, use); !taken) check_refusal(taken.error());
    odd.headers["content-type"] = request.body.substr(0, 64);
    if (const auto taken = read_whip_offer(odd, use); !taken) check_refusal(taken.error());
    const auto offer = read_whip_offer(request, use);
    if (!offer) {
        check_refusal(offer.error());
        return 0;
    }
    check_answer(*offer, use);
    return 0;
}

// SDP from anybody who can send us an INVITE, all the way to our answer.
// Covers: signaling/sdp/sdp_parser.cpp signaling/sdp/rtp_attributes.cpp signaling/sdp/media_sdp.cpp
// Covers: signaling/sdp/browser_sdp.cpp signaling/sdp/ice_attributes.cpp
// Covers: signaling/sdp/web_attributes.cpp
// Covers: signaling/conference/negotiate.cpp signaling/conference/h264_format.cpp

#include <string_view>

#include "signaling/conference/negotiate.h"
#include "signaling/sdp/browser_sdp.h"
#include "signaling/sdp/ice_attributes.h"
#include "signaling/sdp/media_sdp.h"
#include "signaling/sdp/sdp_parser.h"
#include "signaling/sdp/sdp_writer.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

void open_ports(signaling::MediaAnswer& answer) {
    for (auto& medium : answer.media) {
        if (!medium.accepted) continue;
        medium.address = "192.0.2.9";
        medium.rtp_port = 20000;
        medium.rtcp_port = medium.rtcp_mux ? 20000 : 20001;
    }
}

void expect_readable(const signaling::MediaAnswer& ours,
                     const std::vector<signaling::SdpLine>& lines) {
    const auto description = signaling::sdp_from_media(ours, lines, {});
    const auto back = signaling::parse_sdp(signaling::write_sdp(description), {1 << 20, 1 << 20});
    FUZZ_EXPECT(back.has_value());
    FUZZ_EXPECT(back->media.size() == ours.media.size());
    const auto media = signaling::media_from_sdp(*back);
    for (std::size_t i = 0; i < ours.media.size(); ++i) {
        FUZZ_EXPECT(media.media[i].usable == ours.media[i].accepted);
    }
}

signaling::BrowserSide our_side() {
    signaling::BrowserSide side;
    side.ice = {{"abcd", "abcdefghijklmnopqrstuv"}, true, true, {}, true};
    side.ice.candidates = {{"1", 1, {}, 2130706431, "192.0.2.9", 20000, {}, {}}};
    side.extensions = {"urn:ietf:params:rtp-hdrext:sdes:mid"};
    side.feedback = {"transport-cc"};
    side.rtx = true;
    side.rtx_ssrcs = {1, 2, 3, 4};
    return side;
}

/// A browser's, a publisher's, a watcher's: taken with all that it takes, or refused with words.
void check_browser(const signaling::SessionDescription& description, signaling::BrowserUse use) {
    const auto offer = signaling::read_browser_offer(description, use);
    if (!offer) {
        FUZZ_EXPECT(!offer.error().text.empty());
        return;
    }
    FUZZ_EXPECT(offer->ice.credentials.valid());
    FUZZ_EXPECT(offer->lines.size() == offer->media.media.size());
    signaling::Capabilities have;
    have.security.encryption = signaling::MediaEncryption::Required;
    auto ours = signaling::negotiate(offer->media, have);
    if (!ours) return;
    for (auto& medium : ours->media) {
        if (!medium.accepted) continue;
        FUZZ_EXPECT(medium.rtcp_mux);
        FUZZ_EXPECT(medium.security.agreed == signaling::KeyExchange::Dtls);
        FUZZ_EXPECT(use != signaling::BrowserUse::Publish || !signaling::sends(medium.direction));
        FUZZ_EXPECT(use != signaling::BrowserUse::Watch || !signaling::receives(medium.direction));
        medium.ssrc = 5;
        medium.cname = "tessera";
        medium.security.fingerprint = offer->media.media[0].security.fingerprints.empty()
                                          ? ""
                                          : offer->media.media[0].security.fingerprints[0].text();
    }
    const auto answer = signaling::browser_answer(*ours, *offer, our_side(), {});
    const auto back = signaling::parse_sdp(signaling::write_sdp(answer), {1 << 20, 1 << 20});
    FUZZ_EXPECT(back.has_value() && back->media.size() == ours->media.size());
    for (std::size_t i = 0; i < ours->media.size(); ++i) {
        FUZZ_EXPECT((back->media[i].port != 0) == ours->media[i].accepted);
        FUZZ_EXPECT(signaling::mid_of(back->media[i]) == offer->lines[i].mid);
        if (!ours->media[i].accepted) continue;
        FUZZ_EXPECT(signaling::ice_of(back->media[i], *back)->credentials.ufrag == "abcd");
    }
}

/// What came behind a description; what we say of it, we can read.
void check_fragment(std::string_view text) {
    const auto fragment = signaling::parse_ice_fragment(text);
    if (!fragment) {
        FUZZ_EXPECT(!fragment.error().text().empty());
        return;
    }
    if (!fragment->credentials) return;
    const signaling::IceDescription again{*fragment->credentials, false, true, fragment->candidates,
                                          fragment->end_of_candidates};
    FUZZ_EXPECT(again.candidates.size() <= 32 * signaling::kMostCandidates);
    FUZZ_EXPECT(signaling::parse_ice_fragment(signaling::write_ice_fragment(again, "audio", "0")) ==
                *fragment);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_fragment(text);
    const auto parsed = signaling::parse_sdp(text);
    if (!parsed) {
        FUZZ_EXPECT(!parsed.error().text().empty());
        return 0;
    }
    // What we understood, we can say again.
    const auto again = signaling::parse_sdp(signaling::write_sdp(*parsed), {1 << 20, 1 << 20});
    FUZZ_EXPECT(again.has_value());
    FUZZ_EXPECT(*again == *parsed);

    for (const auto use : {signaling::BrowserUse::Meet, signaling::BrowserUse::Publish,
                           signaling::BrowserUse::Watch}) {
        check_browser(*parsed, use);
    }
    const auto offer = signaling::media_from_sdp(*parsed);
    FUZZ_EXPECT(offer.media.size() == parsed->media.size());
    const signaling::Capabilities have;
    const auto lines = signaling::lines_of(*parsed);
    if (auto answer = signaling::negotiate(offer, have)) {
        FUZZ_EXPECT(answer->media.size() == offer.media.size());
        open_ports(*answer);
        expect_readable(*answer, lines);
        auto renewed = signaling::make_offer(have, *answer);
        open_ports(renewed);
        expect_readable(renewed, lines);
    } else {
        FUZZ_EXPECT(!answer.error().text.empty());
    }
    // The same text as the answer to an offer of ours.
    if (auto settled = signaling::settle(signaling::make_offer(have), offer)) {
        FUZZ_EXPECT(settled->media.size() == 2);
    }
    return 0;
}

// SDP from anybody who can send us an INVITE, all the way to our answer.
// Covers: signaling/sdp/sdp_parser.cpp signaling/sdp/rtp_attributes.cpp signaling/sdp/media_sdp.cpp
// Covers: signaling/conference/negotiate.cpp signaling/conference/h264_format.cpp

#include <string_view>

#include "signaling/conference/negotiate.h"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = signaling::parse_sdp(text);
    if (!parsed) {
        FUZZ_EXPECT(!parsed.error().text().empty());
        return 0;
    }
    // What we understood, we can say again.
    const auto again = signaling::parse_sdp(signaling::write_sdp(*parsed), {1 << 20, 1 << 20});
    FUZZ_EXPECT(again.has_value());
    FUZZ_EXPECT(*again == *parsed);

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

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "signaling/conference/call_door.h"

namespace tests {

/// A call whose peer the test plays: notes what it was told.
class FakeCall final : public signaling::Call {
  public:
    void hang_up(const signaling::Ending& ending) override { hung_up = ending; }
    void re_offer(OfferNow ours, ReOffered done) override {
        re_offers.push_back(ours());
        offer_now = std::move(ours);
        answer_re_offer = std::move(done);
    }
    void request_key_frame(const std::string& mid) override { key_frames_wanted.push_back(mid); }

    std::optional<signaling::Ending> hung_up;
    std::vector<signaling::MediaAnswer> re_offers;
    OfferNow offer_now;  ///< the newest one's
    ReOffered answer_re_offer;
    std::vector<std::string> key_frames_wanted;
};

/// What a room system with Opus and H.264 offers, media at `address`, audio at `port`, video two
/// above.
inline signaling::MediaOffer usual_offer(const std::string& address = "192.0.2.1",
                                         std::uint16_t port = 5000) {
    signaling::OfferedMedia audio;
    audio.mid = "0";
    audio.kind = signaling::MediaKind::Audio;
    audio.address = address;
    audio.rtp_port = port;
    audio.rtcp_port = static_cast<std::uint16_t>(port + 1);
    audio.codecs = {{"opus", 96, 48000, 2, ""}};
    signaling::OfferedMedia video = audio;
    video.mid = "1";
    video.kind = signaling::MediaKind::Video;
    video.rtp_port = static_cast<std::uint16_t>(port + 2);
    video.rtcp_port = static_cast<std::uint16_t>(port + 3);
    video.codecs = {{"H264", 97, 90000, 1, "profile-level-id=42e01f;packetization-mode=1"}};
    return {{audio, video}};
}

}  // namespace tests

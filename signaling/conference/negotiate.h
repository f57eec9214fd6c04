#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "signaling/conference/call_door.h"
#include "signaling/conference/media_offer.h"

namespace signaling {

/// What the media daemon has: codec names as in NodeInfo, in our order of preference for offers of
/// our own.
struct Capabilities {
    std::vector<std::string> audio = {"opus", "G722", "PCMU", "PCMA"};
    std::vector<std::string> video = {"H264", "VP8"};
    common::Bitrate video_bandwidth;  ///< what we tell peers to send at most; 0: nothing
    SecurityPolicy security = {};     ///< of the call
};

/// Chooses what to say to an offer: at most one audio and one main video, each with one codec, the
/// rest declined with its reason. Address, ports, ssrc, cname and fingerprint are the caller's to
/// fill in. `current`: what is agreed in the call so far; null: it begins.
///
/// Audio: the peer's order, among what we have (RFC 3264 6.1: the answerer should keep the
/// offerer's preference, and a room system's list is what its owner configured). H.264:
/// packetization-mode 1 before 0, then the profile that most viewers share (Constrained Baseline,
/// Baseline, Main, High: a shared encoder per profile is our cost), then the peer's order. RFC
/// 6184 8.2.2: the profile is answered as offered; the level is ours when both allow asymmetry,
/// else the lower of the two. VP8 only where no H.264 is left: most rooms have an H.264 encoder
/// running already, its starts cost the others nothing, and many phones have it in hardware. Fails
/// with NotAcceptable, naming what was missing, when nothing at
/// all is left.
[[nodiscard]] tl::expected<MediaAnswer, Refusal> negotiate(const MediaOffer& offer,
                                                           const Capabilities& have,
                                                           const MediaAnswer* current = nullptr);

/// Our own offer: audio "0" and video "1" with all we have (H.264 in modes 1 and 0, then VP8).
[[nodiscard]] MediaAnswer make_offer(const Capabilities& have);

/// Our own offer in a running call: the same entries in the same order, each with all we have for
/// it. What was declined stays declined; payload types keep their meaning (RFC 3264 8.3.2).
[[nodiscard]] MediaAnswer make_offer(const Capabilities& have, const MediaAnswer& current);

/// The peer answered our offer: what is settled. One codec per medium, the first of the answer that
/// we offered. Fails with NotAcceptable when the answer leaves nothing, or does not fit the offer.
[[nodiscard]] tl::expected<MediaAnswer, Refusal> settle(const MediaAnswer& ours,
                                                        const MediaOffer& answer);

}  // namespace signaling

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/encoded_frame.h"
#include "common/executor.h"
#include "mixer/audio/audio_playout.h"
#include "mixer/codec/video_decode_lane.h"

namespace tests {

// This binary links its own AudioPlayout, which writes down what it is given: what a session hands
// to the mixer is tested here, what the mixer makes of it in the mixer's tests.

struct PushedSound {
    common::AudioCodec codec;
    std::uint16_t sequence;
    std::uint32_t rtp_time;
    common::Timestamp arrival;
    std::vector<std::uint8_t> payload;
    std::optional<float> said_dbfs = {};
};

/// What the playouts and decoders of this binary were given since it was last emptied.
struct Recorded {
    std::vector<PushedSound> sound;
    int playout_resets = 0;
    std::optional<mixer::PlayoutPosition> position;  ///< what the playout says when asked
    std::vector<common::EncodedFrame> frames;
};
Recorded& recorded();

std::unique_ptr<mixer::AudioPlayout> make_recording_playout();
/// A lane whose decoder writes down what it is given and shows nothing.
std::unique_ptr<mixer::VideoDecodeLane> make_recording_lane(common::Executor& executor);

}  // namespace tests

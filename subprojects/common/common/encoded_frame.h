#pragma once

#include <cstdint>
#include <vector>

#include "common/media_types.h"
#include "common/units.h"

namespace common {

/// In: one access unit as received, put together by a Depacketizer.
struct EncodedFrame {
    VideoCodec codec = VideoCodec::H264;
    bool key_frame = false;     ///< decodable without what came before (IDR with its parameter sets
                                ///< known; a VP8 key frame)
    bool follows_loss = false;  ///< packets between the previous frame and this one never came
    std::uint32_t rtp_time_90khz = 0;
    Timestamp arrival;  ///< of its last packet
    Timestamp due;      ///< media time at which it should be shown (sender time + playout delay);
                        ///< `arrival` on a clean link
    std::vector<std::uint8_t> bytes;  ///< H.264: Annex B, start codes before each NAL unit; VP8:
                                      ///< the frame as RFC 6386 has it
};

}  // namespace common

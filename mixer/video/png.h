#pragma once

#include <cstdint>
#include <vector>

#include "common/result.h"
#include "mixer/video/video_frame.h"

namespace mixer {

/// A picture as a PNG file (RGB, from BT.709 limited range): snapshots and previews. Any thread;
/// allocates.
[[nodiscard]] common::Result<std::vector<std::uint8_t>> encode_png(const VideoFrame& picture);

}  // namespace mixer

#pragma once

#include "common/media_types.h"
#include "common/units.h"

namespace mixer {

/// Macroblocks of a picture: 16x16 luma samples each, the last row and column rounded up.
[[nodiscard]] int macroblocks(common::PictureSize size);

/// The lowest level (as level_idc: 31 is level 3.1) that allows such a stream with one reference
/// picture, H.264 Table A-1; 0 when none does. Level 1b is left out: it is signalled differently in
/// each profile.
[[nodiscard]] int lowest_h264_level(common::PictureSize size, int frames_per_second,
                                    common::Bitrate bitrate, common::H264Profile profile);

}  // namespace mixer

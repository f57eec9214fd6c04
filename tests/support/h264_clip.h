#pragma once

#include <string>
#include <vector>

#include "common/encoded_frame.h"

namespace tests {

/// How a clip is coded; the defaults are a browser's.
struct ClipSettings {
    common::PictureSize size{640, 360};
    std::string profile = "baseline";  ///< x264's names
    int b_pictures = 0;
    int pictures = 10;
    int key_interval = 250;
    int identity = 1;  ///< of the ColorSource that is filmed
    bool full_range = false;
    std::string x264_params;
    common::Timestamp start = common::Timestamp::from_ns(1'000'000'000'000);
};

/// Films a ColorSource at 30 pictures a second by libavcodec's libx264, which is not our encoder:
/// access units in coding order, each due (and arrived) when its picture was taken.
[[nodiscard]] std::vector<common::EncodedFrame> make_h264_clip(const ClipSettings& settings);

}  // namespace tests

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/h264_level.h"
#include "common/h264_profile_level_id.h"
#include "common/media_types.h"
#include "common/units.h"
#include "mcu/rtp/h264_packetizer.h"

namespace mcu {

/// What an H.264 fmtp says the peer can receive (RFC 6184 8.1), with the RFC's defaults for what it
/// leaves out.
struct H264Fmtp {
    common::H264ProfileLevelId id;
    common::H264Level level = common::H264Level::L1;  ///< of `id`
    bool names_level = false;  ///< `id` was written, and is not the RFC's default
    H264Packetizer::Mode packetization_mode = H264Packetizer::Mode::SingleNal;
    std::optional<std::int64_t> max_fs;       ///< macroblocks a picture
    std::optional<std::int64_t> max_mbps;     ///< macroblocks a second
    std::optional<std::int64_t> max_br_kbps;  ///< in 1000 bit/s for VCL, as the level table
    std::string sprop_parameter_sets;

    /// Unknown parameters are ignored, as are unreadable numbers; nothing only when
    /// profile-level-id is not six hex digits or names a level that is none.
    static std::optional<H264Fmtp> parse(std::string_view fmtp);

    /// The profile we would encode for it: Constrained Baseline for Baseline.
    [[nodiscard]] common::H264Profile profile() const;
    /// The level's limits, widened by max-fs, max-mbps and max-br (which never narrow: RFC
    /// 6184 8.1).
    [[nodiscard]] common::H264LevelLimits limits() const;
    /// Whether pictures of `size` at `frames_per_second` stay within `limits`.
    [[nodiscard]] bool allows(common::PictureSize size, double frames_per_second) const;
};

}  // namespace mcu

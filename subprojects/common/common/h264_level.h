#pragma once

#include <cstdint>
#include <optional>

#include "common/media_types.h"
#include "common/units.h"

namespace common {

/// H.264 Table A-1. The value is level_idc; level 1b, which shares 11 with level 1.1, is 9 (as in
/// High profile).
enum class H264Level : std::uint8_t {
    L1 = 10,
    L1b = 9,
    L1_1 = 11,
    L1_2 = 12,
    L1_3 = 13,
    L2 = 20,
    L2_1 = 21,
    L2_2 = 22,
    L3 = 30,
    L3_1 = 31,
    L3_2 = 32,
    L4 = 40,
    L4_1 = 41,
    L4_2 = 42,
    L5 = 50,
    L5_1 = 51,
    L5_2 = 52,
};

struct H264LevelLimits {
    std::int64_t max_mbps = 0;     ///< macroblocks a second
    std::int64_t max_fs = 0;       ///< macroblocks a picture
    std::int64_t max_br_kbps = 0;  ///< VCL of Baseline, Main (High: 1.25 times)
    std::int64_t max_dpb_mbs = 0;  ///< decoded picture buffer
    friend bool operator==(const H264LevelLimits&, const H264LevelLimits&) = default;
};

/// The level of a profile-level-id; nothing for a number that is no level. `profile_iop` bit 0x10
/// makes 11 into 1b for Baseline, Main and Extended (RFC 6184 8.1, H.264 A.3.1).
[[nodiscard]] std::optional<H264Level> h264_level(std::uint8_t profile_idc,
                                                  std::uint8_t profile_iop, std::uint8_t level_idc);
/// Whether a profile hides level 1b in level_idc 11 behind that flag.
[[nodiscard]] bool hides_level_1b(std::uint8_t profile_idc);
inline constexpr std::uint8_t kH264ConstraintSet3 = 0x10;
[[nodiscard]] H264LevelLimits limits_of(H264Level level);
/// The lowest level that allows such a stream with one reference picture; nothing beyond 5.2.
/// Level 1b is left out: it is signalled differently in each profile.
[[nodiscard]] std::optional<H264Level> lowest_h264_level(PictureSize size, double frames_per_second,
                                                         Bitrate bitrate, H264Profile profile);
/// Macroblocks of a picture: 16x16 luma samples each, the last row and column rounded up.
[[nodiscard]] std::int64_t macroblocks(PictureSize size);
/// Whether the size, the longer side (A.3.1) and the macroblock rate are within `limits`; the
/// bitrate is not looked at.
[[nodiscard]] bool within(const H264LevelLimits& limits, PictureSize size,
                          double frames_per_second);

}  // namespace common

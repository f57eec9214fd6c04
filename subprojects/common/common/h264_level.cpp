#include "common/h264_level.h"

#include <algorithm>
#include <array>

#include "common/invariant.h"

namespace common {

namespace {

struct LevelRow {
    H264Level level;
    H264LevelLimits limits;
};

// H.264 Table A-1, lowest first.
constexpr std::array<LevelRow, 17> kLevels{{
    //                  max_mbps  max_fs  max_br  max_dpb
    {H264Level::L1, {1'485, 99, 64, 396}},
    {H264Level::L1b, {1'485, 99, 128, 396}},
    {H264Level::L1_1, {3'000, 396, 192, 900}},
    {H264Level::L1_2, {6'000, 396, 384, 2'376}},
    {H264Level::L1_3, {11'880, 396, 768, 2'376}},
    {H264Level::L2, {11'880, 396, 2'000, 2'376}},
    {H264Level::L2_1, {19'800, 792, 4'000, 4'752}},
    {H264Level::L2_2, {20'250, 1'620, 4'000, 8'100}},
    {H264Level::L3, {40'500, 1'620, 10'000, 8'100}},
    {H264Level::L3_1, {108'000, 3'600, 14'000, 18'000}},
    {H264Level::L3_2, {216'000, 5'120, 20'000, 20'480}},
    {H264Level::L4, {245'760, 8'192, 20'000, 32'768}},
    {H264Level::L4_1, {245'760, 8'192, 50'000, 32'768}},
    {H264Level::L4_2, {522'240, 8'704, 50'000, 34'816}},
    {H264Level::L5, {589'824, 22'080, 135'000, 110'400}},
    {H264Level::L5_1, {983'040, 36'864, 240'000, 184'320}},
    {H264Level::L5_2, {2'073'600, 36'864, 240'000, 184'320}},
}};

}  // namespace

bool hides_level_1b(std::uint8_t profile_idc) {
    return profile_idc == 66 || profile_idc == 77 || profile_idc == 88;
}

std::optional<H264Level> h264_level(std::uint8_t profile_idc, std::uint8_t profile_iop,
                                    std::uint8_t level_idc) {
    if (level_idc == 11 && hides_level_1b(profile_idc) &&
        (profile_iop & kH264ConstraintSet3) != 0) {
        return H264Level::L1b;
    }
    for (const LevelRow& row : kLevels) {
        if (static_cast<std::uint8_t>(row.level) == level_idc) return row.level;
    }
    return std::nullopt;
}

H264LevelLimits limits_of(H264Level level) {
    const auto row = std::find_if(kLevels.begin(), kLevels.end(),
                                  [level](const LevelRow& one) { return one.level == level; });
    INVARIANT(row != kLevels.end());
    return row->limits;
}

std::optional<H264Level> lowest_h264_level(PictureSize size, double frames_per_second,
                                           Bitrate bitrate, H264Profile profile) {
    // Table A-2: High may use a quarter more bits at each level.
    const std::int64_t bps_per_unit = profile == H264Profile::High ? 1250 : 1000;
    for (const LevelRow& row : kLevels) {
        if (row.level == H264Level::L1b) continue;
        if (within(row.limits, size, frames_per_second) &&
            bitrate.bps() <= row.limits.max_br_kbps * bps_per_unit) {
            return row.level;
        }
    }
    return std::nullopt;
}

std::int64_t macroblocks(PictureSize size) {
    return static_cast<std::int64_t>((size.width + 15) / 16) * ((size.height + 15) / 16);
}

bool within(const H264LevelLimits& limits, PictureSize size, double frames_per_second) {
    const std::int64_t picture = macroblocks(size);
    const std::int64_t longest = (std::max(size.width, size.height) + 15) / 16;
    // A.3.1: neither side longer than Sqrt(8 * MaxFS) macroblocks.
    return picture <= limits.max_fs && longest * longest <= 8 * limits.max_fs &&
           static_cast<double>(picture) * frames_per_second <= static_cast<double>(limits.max_mbps);
}

}  // namespace common

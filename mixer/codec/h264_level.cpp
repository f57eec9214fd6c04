#include "mixer/codec/h264_level.h"

#include <cstdint>

namespace mixer {
namespace {

/// H.264 Table A-1. `max_rate` is MaxBR in units of 1000 bit/s for Baseline and Main (A.3.1 j:
/// VCL).
struct LevelLimits {
    int level_idc;
    int max_macroblocks_per_second;
    int max_frame_size_mbs;
    int max_rate;
};

constexpr LevelLimits kLevels[] = {
    {10, 1485, 99, 64},          {11, 3000, 396, 192},        {12, 6000, 396, 384},
    {13, 11880, 396, 768},       {20, 11880, 396, 2000},      {21, 19800, 792, 4000},
    {22, 20250, 1620, 4000},     {30, 40500, 1620, 10000},    {31, 108000, 3600, 14000},
    {32, 216000, 5120, 20000},   {40, 245760, 8192, 20000},   {42, 522240, 8704, 50000},
    {50, 589824, 22080, 135000}, {51, 983040, 36864, 240000},
};

}  // namespace

int macroblocks(common::PictureSize size) {
    return ((size.width + 15) / 16) * ((size.height + 15) / 16);
}

int lowest_h264_level(common::PictureSize size, int frames_per_second, common::Bitrate bitrate,
                      common::H264Profile profile) {
    const int columns = (size.width + 15) / 16;
    const int rows = (size.height + 15) / 16;
    const int frame_mbs = columns * rows;
    // Table A-2: High may use a quarter more bits at each level.
    const std::int64_t bps_per_unit = profile == common::H264Profile::High ? 1250 : 1000;
    for (const LevelLimits& level : kLevels) {
        // A.3.1 f and g: neither side may be longer than sqrt(8 * MaxFS).
        const int side_squared = 8 * level.max_frame_size_mbs;
        if (columns * columns > side_squared || rows * rows > side_squared) continue;
        if (frame_mbs > level.max_frame_size_mbs) continue;
        if (frame_mbs * frames_per_second > level.max_macroblocks_per_second) continue;
        if (bitrate.bps() > level.max_rate * bps_per_unit) continue;
        return level.level_idc;
    }
    return 0;
}

}  // namespace mixer

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tl/expected.hpp>

#include "common/units.h"

namespace common {

enum class SpsError : std::uint8_t {
    NotAnSps,
    TooShort,         ///< the bits end before the last field we read
    BadProfile,       ///< reserved profile_idc 0
    BadChroma,        ///< not 4:2:0 with 8 bits
    BadField,         ///< an id or count outside what H.264 7.4.2.1 allows
    BadSize,          ///< zero, or cropped away
    PictureTooLarge,  ///< more than 1920x1088 luma samples
};
/// A sentence for people.
[[nodiscard]] std::string_view describe(SpsError error);

/// What we need of a sequence parameter set (H.264 7.3.2.1.1). VUI is not read.
struct H264Sps {
    std::uint8_t profile_idc = 0;
    std::uint8_t constraint_flags =
        0;  ///< the byte between profile and level: constraint_set0 is its highest bit
    std::uint8_t level_idc = 0;
    std::uint32_t id = 0;
    std::uint32_t max_num_ref_frames = 0;
    bool frame_mbs_only = true;
    PictureSize coded;  ///< whole macroblocks
    PictureSize size;   ///< after cropping
};

/// `nal` is a whole NAL unit, header first, emulation prevention still in it. Refuses what is no
/// legal set, and what is beyond the largest picture that we take.
[[nodiscard]] tl::expected<H264Sps, SpsError> parse_sps(std::span<const std::uint8_t> nal);
/// The coded size (whole macroblocks, before cropping) that a set announces, also one that
/// `parse_sps` refuses: a guard wants to know how large a picture a decoder may be led to make.
/// Sides of more than 2049 macroblocks read as 2049; nothing when the bits end before the size.
[[nodiscard]] std::optional<PictureSize> read_coded_size(std::span<const std::uint8_t> nal);

}  // namespace common

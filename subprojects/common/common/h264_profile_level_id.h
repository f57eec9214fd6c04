#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/h264_level.h"

namespace common {

/// As RFC 6184 table 5 counts: the sub-profile, whatever bits spell it.
enum class H264SubProfile : std::uint8_t { ConstrainedBaseline, Baseline, Main, High, Other };

/// profile-level-id of RFC 6184 8.1; the default is what it means when it is left out: Baseline,
/// level 1.
struct H264ProfileLevelId {
    std::uint8_t profile_idc = 0x42;
    std::uint8_t profile_iop = 0x00;  ///< constraint flags: constraint_set0 is the highest bit
    std::uint8_t level_idc = 0x0a;

    /// Nothing when the text is not six hex digits or names a level that is none.
    [[nodiscard]] static std::optional<H264ProfileLevelId> parse(std::string_view text);
    [[nodiscard]] H264SubProfile sub_profile() const;
    /// The same profile at a level that is not 1b: the flag of 1b does not survive.
    [[nodiscard]] H264ProfileLevelId at_level(std::uint8_t other_level_idc) const;
    /// Nothing when level_idc was set to a number that is no level; never after `parse`.
    [[nodiscard]] std::optional<H264Level> level() const {
        return h264_level(profile_idc, profile_iop, level_idc);
    }
};

}  // namespace common

#include "common/h264_profile_level_id.h"

#include <charconv>

namespace common {

std::optional<H264ProfileLevelId> H264ProfileLevelId::parse(std::string_view text) {
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value, 16);
    if (text.size() != 6 || error != std::errc{} || stopped != end) return std::nullopt;
    const H264ProfileLevelId id{static_cast<std::uint8_t>(value >> 16),
                                static_cast<std::uint8_t>(value >> 8 & 0xff),
                                static_cast<std::uint8_t>(value & 0xff)};
    return id.level() ? std::optional(id) : std::nullopt;
}

H264ProfileLevelId H264ProfileLevelId::at_level(std::uint8_t other_level_idc) const {
    H264ProfileLevelId other = *this;
    other.level_idc = other_level_idc;
    if (hides_level_1b(profile_idc)) {
        other.profile_iop &= static_cast<std::uint8_t>(~kH264ConstraintSet3);
    }
    return other;
}

H264SubProfile H264ProfileLevelId::sub_profile() const {
    const bool set0 = (profile_iop & 0x80) != 0;
    const bool set1 = (profile_iop & 0x40) != 0;
    switch (profile_idc) {
        case 0x42:
            return set1 ? H264SubProfile::ConstrainedBaseline : H264SubProfile::Baseline;
        case 0x4d:
            return set0 ? H264SubProfile::ConstrainedBaseline : H264SubProfile::Main;
        case 0x58:
            if (!set0) return H264SubProfile::Other;  // Extended
            return set1 ? H264SubProfile::ConstrainedBaseline : H264SubProfile::Baseline;
        case 0x64:
            return H264SubProfile::High;  // and Constrained High, which only asks for less
        default:
            return H264SubProfile::Other;
    }
}

}  // namespace common

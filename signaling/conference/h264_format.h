#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/media_types.h"

namespace signaling {

/// The value of one parameter of an fmtp line ("a=1; b=2"), names compared without case; nothing:
/// not there.
[[nodiscard]] std::optional<std::string_view> fmtp_parameter(std::string_view fmtp,
                                                             std::string_view name);

/// What an H.264 fmtp line says about how it may be sent (RFC 6184 8.1). Absent parameters have the
/// defaults of the RFC: profile-level-id 42000a (Baseline, level 1), packetization-mode 0, no
/// asymmetry.
struct H264Format {
    /// As RFC 6184 table 5 counts: the sub-profile, whatever bits spell it.
    enum class Profile : std::uint8_t { ConstrainedBaseline, Baseline, Main, High, Other };

    std::uint8_t profile_idc = 0x42;
    std::uint8_t profile_iop = 0x00;
    std::uint8_t level_idc = 0x0a;
    int packetization_mode = 0;
    bool level_asymmetry_allowed = false;

    [[nodiscard]] static std::optional<H264Format> parse(
        std::string_view fmtp);  ///< nothing: not readable
    [[nodiscard]] Profile profile() const;
    /// Our fmtp in answer to this offer, when we can receive up to `our_level_idc` (RFC
    /// 6184 8.2.2).
    [[nodiscard]] std::string answer(std::uint8_t our_level_idc) const;
};

}  // namespace signaling

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/h264_profile_level_id.h"

namespace signaling {

/// The value of one parameter of an fmtp line ("a=1; b=2"), names compared without case; nothing:
/// not there.
[[nodiscard]] std::optional<std::string_view> fmtp_parameter(std::string_view fmtp,
                                                             std::string_view name);

/// What an H.264 fmtp line says about how it may be sent (RFC 6184 8.1). Absent parameters have the
/// defaults of the RFC: profile-level-id 42000a (Baseline, level 1), packetization-mode 0, no
/// asymmetry.
struct H264Format {
    using Profile = common::H264SubProfile;

    common::H264ProfileLevelId id;
    int packetization_mode = 0;
    bool level_asymmetry_allowed = false;

    [[nodiscard]] static std::optional<H264Format> parse(
        std::string_view fmtp);  ///< nothing: not readable
    [[nodiscard]] Profile profile() const { return id.sub_profile(); }
    /// Our fmtp in answer to this offer, when we can receive up to `our_level_idc` (RFC
    /// 6184 8.2.2).
    [[nodiscard]] std::string answer(std::uint8_t our_level_idc) const;
};

}  // namespace signaling

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/h264_profile_level_id.h"

namespace signaling {

/// What an H.264 fmtp line says about how it may be sent (RFC 6184 8.1). Absent parameters have the
/// defaults of the RFC: profile-level-id 42000a (Baseline, level 1), packetization-mode 0, no
/// asymmetry.
struct H264Format {
    using Profile = common::H264SubProfile;

    common::H264ProfileLevelId id;
    bool names_level = false;  ///< `id` was written, and is not the RFC's default
    int packetization_mode = 0;
    bool level_asymmetry_allowed = false;

    [[nodiscard]] static std::optional<H264Format> parse(
        std::string_view fmtp);  ///< nothing: not readable
    [[nodiscard]] Profile profile() const { return id.sub_profile(); }
    /// Our fmtp in answer to this offer, when we can receive up to `our_level_idc` (RFC
    /// 6184 8.2.2). An offer without profile-level-id is answered without it: whoever holds to the
    /// RFC reads level 1 in both, and whoever just never writes it misses nothing.
    [[nodiscard]] std::string answer(std::uint8_t our_level_idc) const;
    /// An answer in the one format may be to an offer of the other. One that names no profile
    /// repeats whatever was offered.
    [[nodiscard]] bool matches(const H264Format& other) const;
};

}  // namespace signaling

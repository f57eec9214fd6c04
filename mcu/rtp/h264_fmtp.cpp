#include "mcu/rtp/h264_fmtp.h"

#include <algorithm>

#include "common/fmtp.h"

namespace mcu {

namespace {

/// A limit that widens the level's; what is none, or not positive, widens nothing.
std::optional<std::int64_t> limit(std::string_view fmtp, std::string_view name) {
    // Far beyond level 6.2, and far from overflowing when multiplied.
    constexpr std::int64_t kMost = 1'000'000'000;
    const auto value = common::fmtp_number(fmtp, name);
    if (!value || *value <= 0) return std::nullopt;
    return std::min(*value, kMost);
}

}  // namespace

std::optional<H264Fmtp> H264Fmtp::parse(std::string_view text) {
    H264Fmtp fmtp;
    if (const auto named = common::fmtp_parameter(text, "profile-level-id")) {
        const auto id = common::H264ProfileLevelId::parse(*named);
        if (!id) return std::nullopt;
        fmtp.id = *id;
        fmtp.level = *id->level();
        fmtp.names_level = true;
    }
    // Mode 2 is interleaved, which we never offer: whoever knows it also takes single NAL units.
    if (common::fmtp_parameter(text, "packetization-mode") == "1")
        fmtp.packetization_mode = H264Packetizer::Mode::NonInterleaved;
    fmtp.max_fs = limit(text, "max-fs");
    fmtp.max_mbps = limit(text, "max-mbps");
    fmtp.max_br_kbps = limit(text, "max-br");
    fmtp.sprop_parameter_sets =
        common::fmtp_parameter(text, "sprop-parameter-sets").value_or(std::string_view());
    return fmtp;
}

common::H264Profile H264Fmtp::profile() const {
    switch (id.sub_profile()) {
        case common::H264SubProfile::Main:
            return common::H264Profile::Main;
        case common::H264SubProfile::High:
            return common::H264Profile::High;
        case common::H264SubProfile::Other:  // from 100 on they are supersets of High
            return id.profile_idc >= 100 ? common::H264Profile::High
                                         : common::H264Profile::ConstrainedBaseline;
        case common::H264SubProfile::Baseline:
        case common::H264SubProfile::ConstrainedBaseline:
            break;
    }
    return common::H264Profile::ConstrainedBaseline;
}

common::H264LevelLimits H264Fmtp::limits() const {
    common::H264LevelLimits limits = limits_of(level);
    limits.max_fs = std::max(limits.max_fs, max_fs.value_or(0));
    limits.max_mbps = std::max(limits.max_mbps, max_mbps.value_or(0));
    limits.max_br_kbps = std::max(limits.max_br_kbps, max_br_kbps.value_or(0));
    return limits;
}

bool H264Fmtp::allows(common::PictureSize size, double frames_per_second) const {
    return within(limits(), size, frames_per_second);
}

}  // namespace mcu

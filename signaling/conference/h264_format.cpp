#include "signaling/conference/h264_format.h"

#include <array>
#include <cstdio>

#include "common/fmtp.h"

namespace signaling {

using common::fmtp_parameter;

std::optional<H264Format> H264Format::parse(std::string_view fmtp) {
    H264Format format;
    if (const auto text = fmtp_parameter(fmtp, "profile-level-id")) {
        const auto id = common::H264ProfileLevelId::parse(*text);
        if (!id) return std::nullopt;
        format.id = *id;
        format.names_level = true;
    }
    if (const auto mode = fmtp_parameter(fmtp, "packetization-mode")) {
        if (mode->size() != 1 || *mode < "0" || *mode > "2") return std::nullopt;
        format.packetization_mode = mode->front() - '0';
    }
    format.level_asymmetry_allowed = fmtp_parameter(fmtp, "level-asymmetry-allowed") == "1";
    return format;
}

std::string H264Format::answer(std::uint8_t our_level_idc) const {
    std::array<char, 80> text{};
    const char* asymmetry = level_asymmetry_allowed ? ";level-asymmetry-allowed=1" : "";
    if (!names_level) {
        std::snprintf(text.data(), text.size(), "packetization-mode=%d%s", packetization_mode,
                      asymmetry);
        return text.data();
    }
    const bool ours = level_asymmetry_allowed || id.level_idc > our_level_idc;
    const common::H264ProfileLevelId answered = ours ? id.at_level(our_level_idc) : id;
    std::snprintf(text.data(), text.size(), "profile-level-id=%02x%02x%02x;packetization-mode=%d%s",
                  answered.profile_idc, answered.profile_iop, answered.level_idc,
                  packetization_mode, asymmetry);
    return text.data();
}

bool H264Format::matches(const H264Format& other) const {
    if (packetization_mode != other.packetization_mode) return false;
    return profile() == other.profile() || !names_level || !other.names_level;
}

}  // namespace signaling

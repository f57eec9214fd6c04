#include "signaling/conference/h264_format.h"

#include <array>
#include <cstdio>

#include "signaling/conference/tokens.h"

namespace signaling {

std::optional<std::string_view> fmtp_parameter(std::string_view fmtp, std::string_view name) {
    while (!fmtp.empty()) {
        std::string_view value = take_until(fmtp, ';');
        if (equal_no_case(trim(take_until(value, '=')), name)) return trim(value);
    }
    return std::nullopt;
}

std::optional<H264Format> H264Format::parse(std::string_view fmtp) {
    H264Format format;
    if (const auto text = fmtp_parameter(fmtp, "profile-level-id")) {
        const auto id = common::H264ProfileLevelId::parse(*text);
        if (!id) return std::nullopt;
        format.id = *id;
    }
    if (const auto mode = fmtp_parameter(fmtp, "packetization-mode")) {
        if (mode->size() != 1 || *mode < "0" || *mode > "2") return std::nullopt;
        format.packetization_mode = mode->front() - '0';
    }
    format.level_asymmetry_allowed = fmtp_parameter(fmtp, "level-asymmetry-allowed") == "1";
    return format;
}

std::string H264Format::answer(std::uint8_t our_level_idc) const {
    const bool ours = level_asymmetry_allowed || id.level_idc > our_level_idc;
    const common::H264ProfileLevelId answered = ours ? id.at_level(our_level_idc) : id;
    std::array<char, 80> text{};
    std::snprintf(text.data(), text.size(), "profile-level-id=%02x%02x%02x;packetization-mode=%d%s",
                  answered.profile_idc, answered.profile_iop, answered.level_idc,
                  packetization_mode, level_asymmetry_allowed ? ";level-asymmetry-allowed=1" : "");
    return text.data();
}

}  // namespace signaling

#include "signaling/conference/h264_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "signaling/conference/tokens.h"

namespace signaling {
namespace {

// Level 1b hides in level_idc 11 with constraint_set3 for these profiles (H.264 A.3.1): above 1,
// below 1.1.
constexpr std::uint8_t kConstraintSet3 = 0x10;

bool has_hidden_1b(std::uint8_t profile_idc) {
    return profile_idc == 0x42 || profile_idc == 0x4d || profile_idc == 0x58;
}

std::optional<unsigned> parse_hex(std::string_view text) {
    unsigned value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value, 16);
    if (error != std::errc() || stopped != end) return std::nullopt;
    return value;
}

}  // namespace

std::optional<std::string_view> fmtp_parameter(std::string_view fmtp, std::string_view name) {
    while (!fmtp.empty()) {
        std::string_view value = take_until(fmtp, ';');
        if (equal_no_case(trim(take_until(value, '=')), name)) return trim(value);
    }
    return std::nullopt;
}

std::optional<H264Format> H264Format::parse(std::string_view fmtp) {
    H264Format format;
    if (const auto id = fmtp_parameter(fmtp, "profile-level-id")) {
        const auto bytes = parse_hex(*id);
        if (id->size() != 6 || !bytes) return std::nullopt;
        format.profile_idc = static_cast<std::uint8_t>(*bytes >> 16);
        format.profile_iop = static_cast<std::uint8_t>(*bytes >> 8);
        format.level_idc = static_cast<std::uint8_t>(*bytes);
    }
    if (const auto mode = fmtp_parameter(fmtp, "packetization-mode")) {
        if (mode->size() != 1 || *mode < "0" || *mode > "2") return std::nullopt;
        format.packetization_mode = mode->front() - '0';
    }
    format.level_asymmetry_allowed = fmtp_parameter(fmtp, "level-asymmetry-allowed") == "1";
    return format;
}

H264Format::Profile H264Format::profile() const {
    const bool set0 = (profile_iop & 0x80) != 0;
    const bool set1 = (profile_iop & 0x40) != 0;
    switch (profile_idc) {
        case 0x42:
            return set1 ? Profile::ConstrainedBaseline : Profile::Baseline;
        case 0x4d:
            return set0 ? Profile::ConstrainedBaseline : Profile::Main;
        case 0x58:
            if (!set0) return Profile::Other;  // Extended
            return set1 ? Profile::ConstrainedBaseline : Profile::Baseline;
        case 0x64:
            return Profile::High;  // and Constrained High, which only asks for less
        default:
            return Profile::Other;
    }
}

std::string H264Format::answer(std::uint8_t our_level_idc) const {
    std::uint8_t iop = profile_iop;
    std::uint8_t level = level_idc;
    if (level_asymmetry_allowed || level > our_level_idc) {
        level = our_level_idc;
        if (has_hidden_1b(profile_idc)) iop &= static_cast<std::uint8_t>(~kConstraintSet3);
    }
    std::array<char, 80> text{};
    std::snprintf(text.data(), text.size(), "profile-level-id=%02x%02x%02x;packetization-mode=%d%s",
                  profile_idc, iop, level, packetization_mode,
                  level_asymmetry_allowed ? ";level-asymmetry-allowed=1" : "");
    return text.data();
}

}  // namespace signaling

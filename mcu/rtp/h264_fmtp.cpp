#include "mcu/rtp/h264_fmtp.h"

#include <algorithm>
#include <charconv>

namespace mcu {

namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

template <typename Number>
std::optional<Number> number(std::string_view text, int base) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::int64_t> limit(std::string_view text) {
    // Far beyond level 6.2, and far from overflowing when multiplied.
    constexpr std::int64_t kMost = 1'000'000'000;
    const auto value = number<std::int64_t>(text, 10);
    return value && *value > 0 ? std::optional(std::min(*value, kMost)) : std::nullopt;
}

bool read_profile_level_id(std::string_view text, H264Fmtp& fmtp) {
    const auto value = number<std::uint32_t>(text, 16);
    if (text.size() != 6 || !value) return false;
    fmtp.profile_idc = static_cast<std::uint8_t>(*value >> 16);
    fmtp.profile_iop = static_cast<std::uint8_t>(*value >> 8 & 0xff);
    const auto level = h264_level(fmtp.profile_idc, fmtp.profile_iop, *value & 0xff);
    if (level) fmtp.level = *level;
    return level.has_value();
}

bool read_parameter(std::string_view name, std::string_view value, H264Fmtp& fmtp) {
    if (same_name(name, "profile-level-id")) return read_profile_level_id(value, fmtp);
    if (same_name(name, "packetization-mode")) {
        // Mode 2 is interleaved, which we never offer: whoever knows it also takes single NAL
        // units.
        fmtp.packetization_mode =
            value == "1" ? H264Packetizer::Mode::NonInterleaved : H264Packetizer::Mode::SingleNal;
    } else if (same_name(name, "max-fs")) {
        fmtp.max_fs = limit(value);
    } else if (same_name(name, "max-mbps")) {
        fmtp.max_mbps = limit(value);
    } else if (same_name(name, "max-br")) {
        fmtp.max_br_kbps = limit(value);
    } else if (same_name(name, "sprop-parameter-sets")) {
        fmtp.sprop_parameter_sets = value;
    }
    return true;
}

}  // namespace

std::optional<H264Fmtp> H264Fmtp::parse(std::string_view text) {
    H264Fmtp fmtp;
    while (!text.empty()) {
        const std::string_view one = text.substr(0, text.find(';'));
        text.remove_prefix(std::min(one.size() + 1, text.size()));
        const std::size_t equals = one.find('=');
        if (equals == std::string_view::npos) continue;
        // Only the first "=": base64 ends with more of them.
        if (!read_parameter(trim(one.substr(0, equals)), trim(one.substr(equals + 1)), fmtp)) {
            return std::nullopt;
        }
    }
    return fmtp;
}

common::H264Profile H264Fmtp::profile() const {
    constexpr std::uint8_t kConstraintSet0 = 0x80;
    if (profile_idc >= 100) return common::H264Profile::High;
    const bool main = profile_idc == 77 && (profile_iop & kConstraintSet0) == 0;
    return main ? common::H264Profile::Main : common::H264Profile::ConstrainedBaseline;
}

H264LevelLimits H264Fmtp::limits() const {
    H264LevelLimits limits = limits_of(level);
    limits.max_fs = std::max(limits.max_fs, max_fs.value_or(0));
    limits.max_mbps = std::max(limits.max_mbps, max_mbps.value_or(0));
    limits.max_br_kbps = std::max(limits.max_br_kbps, max_br_kbps.value_or(0));
    return limits;
}

bool H264Fmtp::allows(common::PictureSize size, double frames_per_second) const {
    return within(limits(), size, frames_per_second);
}

}  // namespace mcu

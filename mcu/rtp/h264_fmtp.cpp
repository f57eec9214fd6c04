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

std::optional<std::int64_t> limit(std::string_view text) {
    // Far beyond level 6.2, and far from overflowing when multiplied.
    constexpr std::int64_t kMost = 1'000'000'000;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value <= 0) return std::nullopt;
    return std::min(value, kMost);
}

bool read_profile_level_id(std::string_view text, H264Fmtp& fmtp) {
    const auto id = common::H264ProfileLevelId::parse(text);
    if (!id) return false;
    fmtp.id = *id;
    fmtp.level = *id->level();
    return true;
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

#include "mcu/bridge/negotiated_formats.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "mcu/rtp/h264_fmtp.h"

namespace mcu {

using common::AudioCodec;
using common::Bitrate;

namespace {

constexpr Bitrate kOpusDefault = Bitrate::from_kbps(48);
constexpr Bitrate kOpusLeast = Bitrate::from_kbps(6);  // RFC 7587 6.1: 6000..510000
constexpr Bitrate kOpusMost =
    Bitrate::from_kbps(128);  // mono speech and prompts gain nothing above
/// RFC 6184 8.1: packets stay within 1200 bytes, of which RTP takes 12; a little is left for header
/// extensions.
constexpr int kMode0NalBytes = 1180;
/// RTP, UDP and IP headers of pictures of ours: b= counts them (TIAS does not, and errs to the safe
/// side).
constexpr double kPayloadShare = 0.95;

/// The integer value of a "name=value" parameter.
std::optional<std::int64_t> parameter(std::string_view fmtp, std::string_view name) {
    while (!fmtp.empty()) {
        const std::size_t end = std::min(fmtp.find(';'), fmtp.size());
        std::string_view item = fmtp.substr(0, end);
        fmtp.remove_prefix(std::min(end + 1, fmtp.size()));
        item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
        if (!item.starts_with(name) || item.size() <= name.size() || item[name.size()] != '=')
            continue;
        const std::string_view text = item.substr(name.size() + 1);
        std::int64_t value = 0;
        const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && rest != text.data()) return value;
    }
    return std::nullopt;
}

}  // namespace

std::string codec_name(AudioCodec codec) {
    switch (codec) {
        case AudioCodec::G722:
            return "G722";
        case AudioCodec::Pcmu:
            return "PCMU";
        case AudioCodec::Pcma:
            return "PCMA";
        case AudioCodec::Opus:
            break;
    }
    return "opus";
}

mixer::AudioFormat audio_format(const PayloadFormat& send) {
    mixer::AudioFormat format;
    format.codec = send.audio;
    if (send.audio != AudioCodec::Opus) return format;
    format.bitrate = kOpusDefault;
    if (const auto most = parameter(send.fmtp, "maxaveragebitrate")) {
        format.bitrate =
            std::clamp(std::min(Bitrate::from_bps(*most), kOpusDefault), kOpusLeast, kOpusMost);
    }
    format.inband_fec = parameter(send.fmtp, "useinbandfec").value_or(0) == 1;
    format.dtx = parameter(send.fmtp, "usedtx").value_or(0) == 1;
    return format;
}

mixer::StreamNeeds stream_needs(const MediaConfig& video, common::PictureSize max_size) {
    mixer::StreamNeeds needs;
    needs.max_size = max_size;
    // An unreadable fmtp means the RFC's defaults: Baseline level 1, which our smallest rung would
    // not fit. Room systems that send none do decode CIF and more, so the level of the smallest
    // common denominator in use is assumed instead.
    const H264Fmtp fmtp = video.send.fmtp.empty()
                              ? *H264Fmtp::parse("profile-level-id=42e00d")
                              : H264Fmtp::parse(video.send.fmtp).value_or(H264Fmtp{});
    const common::H264LevelLimits limits = fmtp.limits();
    needs.profile = fmtp.profile();
    needs.max_frame_size_mbs = static_cast<int>(std::min<std::int64_t>(limits.max_fs, 1 << 20));
    needs.max_macroblocks_per_second =
        static_cast<int>(std::min<std::int64_t>(limits.max_mbps, 1 << 28));
    needs.max_bitrate = Bitrate::from_kbps(limits.max_br_kbps);
    if (video.bandwidth.bps() > 0) {
        const auto payload =
            static_cast<std::int64_t>(static_cast<double>(video.bandwidth.bps()) * kPayloadShare);
        needs.max_bitrate = std::min(needs.max_bitrate, Bitrate::from_bps(payload));
    }
    needs.max_nal_bytes =
        fmtp.packetization_mode == H264Packetizer::Mode::SingleNal ? kMode0NalBytes : 0;
    return needs;
}

}  // namespace mcu

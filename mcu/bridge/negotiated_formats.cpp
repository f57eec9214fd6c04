#include "mcu/bridge/negotiated_formats.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/fmtp.h"
#include "mcu/rtp/h264_fmtp.h"
#include "mcu/rtp/rtp_packet.h"

namespace mcu {

using common::AudioCodec;
using common::Bitrate;

namespace {

constexpr Bitrate kOpusDefault = Bitrate::from_kbps(48);
constexpr Bitrate kOpusLeast = Bitrate::from_kbps(6);  // RFC 7587 6.1: 6000..510000
constexpr Bitrate kOpusMost =
    Bitrate::from_kbps(128);  // mono speech and prompts gain nothing above
/// What 50 packets a second carry beside their payload: RTP, UDP and IPv4 headers (RFC 3550 6.2
/// counts them all in b=AS).
constexpr Bitrate kAudioHeaders = Bitrate::from_bps(50 * (kRtpHeaderBytes + kIpUdpHeaderBytes) * 8);
/// What a limit is rounded down to: every step is an encoder more.
constexpr std::array kOpusSteps{6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48};
constexpr Bitrate kG7xx = Bitrate::from_kbps(64);
/// Opus at 16 kbit/s: speech in wideband.
constexpr Bitrate kLeastSound = Bitrate::from_kbps(33);
/// Opus exceeds the rate it was told by 1 to 2 % (seen over 3 s of a tone).
constexpr double kOpusRoom = 0.97;
/// RFC 6184 8.1: packets stay within 1200 bytes, of which RTP takes 12; a little is left for header
/// extensions.
constexpr int kMode0NalBytes = 1180;
/// RTP, UDP and IP headers of pictures of ours: b= counts them (TIAS does not, and errs to the safe
/// side).
constexpr double kPayloadShare = 0.95;

/// RFC 6184 8.1: without profile-level-id the peer means Baseline level 1, QCIF at 15 pictures a
/// second, which none of our rungs fits: it would get no picture at all. The systems that leave it
/// out (H.263-era room systems, gateways, softphones) do so out of carelessness and decode CIF and
/// more, so the common practice is followed: Constrained Baseline at level 1.3, which the smallest
/// rung fits. max-fs and its like widen that as they would any level, b= narrows it.
constexpr common::H264ProfileLevelId kAssumedId{0x42, 0xe0, 0x0d};

H264Fmtp peer_fmtp(const std::string& text) {
    // An unreadable one says as little as none.
    H264Fmtp fmtp = H264Fmtp::parse(text).value_or(H264Fmtp{});
    if (fmtp.names_level) return fmtp;
    fmtp.id = kAssumedId;
    fmtp.level = common::H264Level::L1_3;
    return fmtp;
}

Bitrate opus_within(Bitrate bandwidth) {
    const auto usable_bps =
        static_cast<std::int64_t>(static_cast<double>(bandwidth.bps()) * kOpusRoom);
    const std::int64_t payload_bps = usable_bps - kAudioHeaders.bps();
    Bitrate step = kOpusLeast;
    for (const int kbps : kOpusSteps) {
        if (kbps * 1000 <= payload_bps) step = Bitrate::from_kbps(kbps);
    }
    return step;
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

std::string codec_name(common::VideoCodec codec) {
    return codec == common::VideoCodec::Vp8 ? "VP8" : "H264";
}

mixer::AudioFormat audio_format(const PayloadFormat& send, Bitrate bandwidth) {
    mixer::AudioFormat format;
    format.codec = send.audio;
    if (send.audio != AudioCodec::Opus) return format;
    format.bitrate = kOpusDefault;
    if (const auto most = common::fmtp_number(send.fmtp, "maxaveragebitrate")) {
        format.bitrate =
            std::clamp(std::min(Bitrate::from_bps(*most), kOpusDefault), kOpusLeast, kOpusMost);
    }
    if (bandwidth.bps() > 0) format.bitrate = std::min(format.bitrate, opus_within(bandwidth));
    format.inband_fec = common::fmtp_number(send.fmtp, "useinbandfec").value_or(0) == 1;
    format.dtx = common::fmtp_number(send.fmtp, "usedtx").value_or(0) == 1;
    return format;
}

Bitrate picture_share(Bitrate with_headers) {
    const double payload = static_cast<double>(with_headers.bps()) * kPayloadShare;
    return Bitrate::from_bps(std::max<std::int64_t>(1, static_cast<std::int64_t>(payload)));
}

Bitrate with_headers(Bitrate picture) {
    const double all = static_cast<double>(picture.bps()) / kPayloadShare;
    return Bitrate::from_bps(static_cast<std::int64_t>(all) + 1);
}

Bitrate rate_on_wire(const mixer::AudioFormat& sound) {
    const Bitrate payload = sound.codec == AudioCodec::Opus ? sound.bitrate : kG7xx;
    return Bitrate::from_bps(payload.bps() + kAudioHeaders.bps());
}

Bitrate beside_picture(Bitrate path, Bitrate picture) {
    return Bitrate::from_bps(std::max(path.bps() - picture.bps(), kLeastSound.bps()));
}

namespace {

/// RFC 7741 6.1: max-fs in macroblocks and max-fr in pictures a second; who says neither takes what
/// comes, and 1080p is all that comes.
mixer::StreamNeeds vp8_needs(const MediaConfig& video) {
    constexpr std::int64_t kMost = 1 << 20;
    mixer::StreamNeeds needs;
    needs.codec = common::VideoCodec::Vp8;
    const auto limit = [&](const char* name) {
        const std::int64_t said = common::fmtp_number(video.send.fmtp, name).value_or(0);
        return said > 0 ? std::min(said, kMost) : 0;
    };
    needs.max_frame_size_mbs = static_cast<int>(limit("max-fs") > 0 ? limit("max-fs") : kMost);
    needs.max_frames_per_second = static_cast<int>(limit("max-fr"));
    needs.max_macroblocks_per_second = std::numeric_limits<int>::max();
    if (video.bandwidth.bps() > 0) needs.max_bitrate = picture_share(video.bandwidth);
    return needs;
}

}  // namespace

mixer::StreamNeeds stream_needs(const MediaConfig& video, common::PictureSize max_size) {
    if (video.send.video == common::VideoCodec::Vp8) {
        mixer::StreamNeeds needs = vp8_needs(video);
        needs.max_size = max_size;
        return needs;
    }
    mixer::StreamNeeds needs;
    needs.max_size = max_size;
    const H264Fmtp fmtp = peer_fmtp(video.send.fmtp);
    const common::H264LevelLimits limits = fmtp.limits();
    needs.profile = fmtp.profile();
    needs.max_frame_size_mbs = static_cast<int>(std::min<std::int64_t>(limits.max_fs, 1 << 20));
    needs.max_macroblocks_per_second =
        static_cast<int>(std::min<std::int64_t>(limits.max_mbps, 1 << 28));
    needs.max_bitrate = Bitrate::from_kbps(limits.max_br_kbps);
    if (video.bandwidth.bps() > 0) {
        needs.max_bitrate = std::min(needs.max_bitrate, picture_share(video.bandwidth));
    }
    needs.max_nal_bytes =
        fmtp.packetization_mode == H264Packetizer::Mode::SingleNal ? kMode0NalBytes : 0;
    return needs;
}

}  // namespace mcu

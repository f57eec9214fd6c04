#include "mcu/bridge/negotiated_formats.h"

#include <catch2/catch.hpp>

using common::AudioCodec;
using common::Bitrate;
using mcu::MediaConfig;
using mcu::PayloadFormat;

namespace {

MediaConfig video(const std::string& fmtp, Bitrate bandwidth = {}) {
    MediaConfig media;
    media.kind = mcu::MediaKind::Video;
    media.sends = true;
    media.send.fmtp = fmtp;
    media.bandwidth = bandwidth;
    return media;
}

constexpr common::PictureSize k720p{1280, 720};

}  // namespace

TEST_CASE("Opus parameters of the peer choose rate, FEC and DTX") {
    PayloadFormat send;
    send.audio = AudioCodec::Opus;
    send.fmtp = "minptime=10; useinbandfec=1;maxaveragebitrate=20000";

    const mixer::AudioFormat format = mcu::audio_format(send);

    CHECK(format.codec == AudioCodec::Opus);
    CHECK(format.bitrate == Bitrate::from_bps(20000));
    CHECK(format.inband_fec);
    CHECK_FALSE(format.dtx);
}

TEST_CASE("An absurd maxaveragebitrate is brought into what Opus can do") {
    PayloadFormat send;
    send.audio = AudioCodec::Opus;
    send.fmtp = "maxaveragebitrate=1";

    CHECK(mcu::audio_format(send).bitrate == Bitrate::from_kbps(6));
}

TEST_CASE("b= of the sound keeps Opus within it, headers taken off") {
    struct Case {
        int limit_kbps;
        int opus_kbps;
    };
    PayloadFormat send;
    send.audio = AudioCodec::Opus;

    for (const auto& [limit, opus] :
         {Case{0, 48}, Case{500, 48}, Case{66, 48}, Case{64, 40}, Case{32, 12}, Case{20, 6}}) {
        CAPTURE(limit);
        CHECK(mcu::audio_format(send, Bitrate::from_kbps(limit)).bitrate ==
              Bitrate::from_kbps(opus));
    }
}

TEST_CASE("Of maxaveragebitrate and b= the lower one holds") {
    PayloadFormat send;
    send.audio = AudioCodec::Opus;
    send.fmtp = "maxaveragebitrate=20000";

    CHECK(mcu::audio_format(send, Bitrate::from_kbps(64)).bitrate == Bitrate::from_kbps(20));
    CHECK(mcu::audio_format(send, Bitrate::from_kbps(28)).bitrate == Bitrate::from_kbps(10));
}

TEST_CASE("Two G.711 listeners share a format whatever their fmtp says") {
    PayloadFormat one;
    PayloadFormat other;
    one.audio = other.audio = AudioCodec::Pcmu;
    other.fmtp = "useinbandfec=1";

    CHECK(mcu::audio_format(one) == mcu::audio_format(other));
}

TEST_CASE("profile-level-id limits what a viewer is sent") {
    struct Case {
        const char* fmtp;
        int max_fs;
        int max_mbps;
        int max_br_kbps;
        int max_nal_bytes;
    };
    // H.264 Table A-1.
    for (const Case& c :
         {Case{"profile-level-id=42e01f;packetization-mode=1", 3600, 108000, 14000, 0},
          Case{"profile-level-id=42e01f", 3600, 108000, 14000, 1180},
          Case{"profile-level-id=42e00d;packetization-mode=1", 396, 11880, 768, 0},
          Case{"profile-level-id=42e00d;packetization-mode=1;max-fs=3600;max-mbps=108000", 3600,
               108000, 768, 0}}) {
        const mixer::StreamNeeds needs = mcu::stream_needs(video(c.fmtp), k720p);

        INFO(c.fmtp);
        CHECK(needs.max_frame_size_mbs == c.max_fs);
        CHECK(needs.max_macroblocks_per_second == c.max_mbps);
        CHECK(needs.max_bitrate == Bitrate::from_kbps(c.max_br_kbps));
        CHECK(needs.max_nal_bytes == c.max_nal_bytes);
    }
}

TEST_CASE("VP8's max-fs and max-fr limit what a viewer is sent, and nothing else of H.264 does") {
    MediaConfig media = video("max-fs=1620;max-fr=15", Bitrate::from_kbps(1000));
    media.send.video = common::VideoCodec::Vp8;
    const mixer::StreamNeeds said = mcu::stream_needs(media, k720p);
    CHECK(said.codec == common::VideoCodec::Vp8);
    CHECK(said.max_size == k720p);
    CHECK(said.max_frame_size_mbs == 1620);
    CHECK(said.max_frames_per_second == 15);
    CHECK(said.max_bitrate == Bitrate::from_kbps(950));
    CHECK(said.max_nal_bytes == 0);

    media.send.fmtp = "max-fs=0;max-fr=-3";
    media.bandwidth = {};
    const mixer::StreamNeeds silent = mcu::stream_needs(media, k720p);
    CHECK(silent.max_frame_size_mbs >= 8160);
    CHECK(silent.max_frames_per_second == 0);
    CHECK(silent.max_bitrate.bps() == 0);
    CHECK(mcu::codec_name(common::VideoCodec::Vp8) == "VP8");
}

TEST_CASE("The bandwidth of the SDP caps the picture's bitrate, headers taken off") {
    const auto needs =
        mcu::stream_needs(video("profile-level-id=42e01f", Bitrate::from_kbps(1000)), k720p);

    CHECK(needs.max_bitrate == Bitrate::from_kbps(950));
}

TEST_CASE("A limit of nothing leaves next to nothing, and is still a limit") {
    CHECK(mcu::picture_share(Bitrate::from_kbps(350)) == Bitrate::from_bps(332'500));
    CHECK(mcu::picture_share(Bitrate::from_bps(0)) == Bitrate::from_bps(1));
}

TEST_CASE("A peer that names no profile still gets a picture of CIF size") {
    struct Case {
        const char* fmtp;
        int max_fs;
        int max_nal_bytes;
    };
    for (const Case& c : {Case{"", 396, 1180}, Case{"packetization-mode=1", 396, 0},
                          Case{"packetization-mode=1;max-fs=1620", 1620, 0},
                          Case{"profile-level-id=nonsense", 396, 1180}}) {
        const auto needs = mcu::stream_needs(video(c.fmtp), k720p);

        INFO(c.fmtp);
        CHECK(needs.max_frame_size_mbs == c.max_fs);
        CHECK(needs.max_nal_bytes == c.max_nal_bytes);
        CHECK(needs.max_bitrate == Bitrate::from_kbps(768));
        CHECK(needs.profile == common::H264Profile::ConstrainedBaseline);
    }
}

TEST_CASE("A peer that names level 1 is taken at its word") {
    CHECK(mcu::stream_needs(video("profile-level-id=42000a"), k720p).max_frame_size_mbs == 99);
}

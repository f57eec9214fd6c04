#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/endpoint/av_video.h"
#include "tools/endpoint/sdp_text.h"
#include "tools/endpoint/sound.h"

namespace endpoint {

/// The command line, read and checked. Seconds count from the answer to the INVITE; negative:
/// never.
struct Options {
    std::string uri;
    bool listen = false;
    bool demo = false;
    bool prepare = false;
    std::string host = "127.0.0.1";
    std::string announced;  ///< address in the SDP; empty: `host`
    int sip_port = 0, rtp_port = 0;
    bool tls = false;
    int report_ms = 0;    ///< between receiver reports, with NACK; 0: 5 s
    int playout_ms = 60;  ///< what a missing packet is waited for
    int count = 1;
    std::string name = "Endpoint";
    int identity = 1;
    double seconds = 20;  ///< 0: until a signal
    double stagger_seconds = 0.2;

    ClipFormat clip;
    int clip_seconds = 10;
    std::string cache;
    std::string table;
    std::vector<AudioCodec> codecs;
    SoundPattern sound = SoundPattern::Syllables;
    Abilities abilities;

    double stop_video_at = -1, stop_audio_at = -1, hold_at = -1, resume_at = -1;
    double dtmf_at = 3, codec_change_at = -1, fast_update_at = -1;
    std::string dtmf, dtmf_info;
    std::optional<AudioCodec> codec_change_to;
    bool no_offer = false;

    std::string report, png, wav, dump_stream;
    int psnr_every = 10;
    double skip_seconds = 3;
    bool analyse = true;
    int judge_sound = 64;  ///< of `count`
    [[nodiscard]] bool wants_judgement() const {
        return !report.empty() || !png.empty() || !wav.empty() || !dump_stream.empty();
    }
};

/// Exits with a message when the command line is wrong or asks for help.
[[nodiscard]] Options read_options(int argc, char** argv);

}  // namespace endpoint

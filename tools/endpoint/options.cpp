#include "tools/endpoint/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <sstream>

namespace endpoint {
namespace {

const char* const kAbout =
    "tessera-endpoint: a synthetic participant. Dials a room by SIP, sends a moving picture with "
    "a\n"
    "bar code and a tone of its own, records what comes back, and judges it after the call.\n"
    "Every participant of a machine needs an identity of its own (--identity).";

std::string folder_from_environment() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr) {
        return std::string(cache) + "/tessera-endpoint";
    }
    const char* home = std::getenv("HOME");
    return std::string(home != nullptr ? home : "/tmp") + "/.cache/tessera-endpoint";
}

std::vector<AudioCodec> read_codecs(const std::string& list) {
    std::vector<AudioCodec> codecs;
    std::stringstream text(list);
    for (std::string one; std::getline(text, one, ',');) {
        const auto codec = codec_by_option(one);
        if (!codec) throw CLI::ValidationError("--audio", "no codec '" + one + "'");
        codecs.push_back(*codec);
    }
    if (codecs.empty()) throw CLI::ValidationError("--audio", "needs a codec");
    return codecs;
}

common::PictureSize read_size(const std::string& text) {
    common::PictureSize size;
    char x = 0;
    std::stringstream in(text);
    in >> size.width >> x >> size.height;
    if (!in || x != 'x' || size.width % 2 != 0 || size.height % 2 != 0 || size.width < 160 ||
        size.width > 1920 || size.height < 90 || size.height > 1088) {
        throw CLI::ValidationError("--size", "'" + text + "' is not WIDTHxHEIGHT (even)");
    }
    return size;
}

void add_media(CLI::App& app, Options& o, std::string& size, std::string& audio) {
    app.add_option("--size", size, "of the picture sent")->capture_default_str();
    app.add_option("--fps", o.clip.fps)->capture_default_str()->check(CLI::Range(1, 60));
    app.add_option("--kbps", o.clip.kbps, "of the picture sent")->capture_default_str();
    app.add_option("--clip-seconds", o.clip_seconds, "until the picture sent begins again")
        ->capture_default_str()
        ->check(CLI::Range(2, 600));
    app.add_option("--cache", o.cache, "folder for encoded clips")->capture_default_str();
    app.add_option("--table", o.table,
                   "file in which all endpoints of this machine note what they "
                   "sent when (default: table in the cache folder)");
    app.add_option("--audio", audio, "codecs in order of preference: opus,g722,pcmu,pcma")
        ->capture_default_str();
    app.add_option(
           "--sound", o.sound,
           "steady: a tone; syllables: rising and falling, taken for a "
           "voice; bursts: for audio latency; friendly; silent; speech: what Opus takes for a "
           "voice, with in-band FEC; noise: a quiet room")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, SoundPattern>{{"steady", SoundPattern::Steady},
                                                {"syllables", SoundPattern::Syllables},
                                                {"bursts", SoundPattern::Bursts},
                                                {"friendly", SoundPattern::Friendly},
                                                {"silent", SoundPattern::Silent},
                                                {"speech", SoundPattern::Speech},
                                                {"noise", SoundPattern::Noise}}));
    app.add_option("--mode", o.abilities.packetization_mode, "H.264 packetization-mode: 0 or 1")
        ->capture_default_str()
        ->check(CLI::Range(0, 1));
    app.add_option("--receive-kbps", o.abilities.video_kbps, "b=AS of the picture wanted")
        ->capture_default_str();
    app.add_option("--profile-level-id", o.abilities.profile_level_id)->capture_default_str();
    app.add_option("--max-fs", o.abilities.max_fs, "largest picture wanted, in macroblocks");
    app.add_flag("--avpf", o.abilities.feedback_profile, "offer RTP/AVPF instead of RTP/AVP");
    app.add_flag("--nack", o.abilities.nack,
                 "ask for lost packets of the picture by generic NACK, and send again what the "
                 "other side asks for");
    app.add_flag("--opus-fec", o.abilities.opus_fec,
                 "say that we use Opus's in-band FEC; the report tells what it would repair");
    app.add_option("--report-ms", o.report_ms,
                   "with --nack: how often what came is reported (0: every 5 s)");
    app.add_option("--playout-ms", o.playout_ms, "how long packets are waited for")
        ->capture_default_str()
        ->check(CLI::Range(0, 2000));
    app.add_option_function<std::string>(
        "--srtp",
        [&o](const std::string& name) {
            o.abilities.srtp = srtp_suite_named(name);
            if (o.abilities.srtp == nullptr) {
                throw CLI::ValidationError("--srtp", "no suite '" + name + "'");
            }
        },
        "SUITE: AES_CM_128_HMAC_SHA1_80, AEAD_AES_128_GCM or AEAD_AES_256_GCM, with the key in "
        "the SDP (SDES)");
    app.add_flag("!--no-feedback", o.abilities.feedback,
                 "offer no PLI and FIR: key frames are asked for by INFO");
    app.add_flag("!--no-video", o.abilities.picture, "sound only");
}

void add_misbehaviour(CLI::App& app, Options& o, std::string& codec) {
    const char* group = "Misbehaviour (seconds after the answer)";
    app.add_option("--stop-video-at", o.stop_video_at)->group(group);
    app.add_option("--stop-audio-at", o.stop_audio_at)->group(group);
    app.add_option("--hold-at", o.hold_at, "re-INVITE with a=sendonly")->group(group);
    app.add_option("--resume-at", o.resume_at)->group(group);
    app.add_option("--dtmf", o.dtmf, "digits by RFC 4733, from --dtmf-at on")->group(group);
    app.add_option("--dtmf-info", o.dtmf_info, "digits by INFO, from --dtmf-at on")->group(group);
    app.add_option("--dtmf-at", o.dtmf_at)->capture_default_str()->group(group);
    app.add_option("--codec-change-at", o.codec_change_at, "re-INVITE with another audio codec")
        ->group(group);
    app.add_option("--codec-change-to", codec, "which (default: the last of --audio)")
        ->group(group);
    app.add_option("--fast-update-at", o.fast_update_at, "INFO picture_fast_update")->group(group);
    app.add_flag("--no-offer", o.no_offer, "INVITE without SDP")->group(group);
}

void add_report(CLI::App& app, Options& o) {
    const char* group = "Report";
    app.add_option("--report", o.report, "JSON file; standard output when '-'")->group(group);
    app.add_option("--png", o.png, "last picture received; with --count: NAME-IDENTITY.png")
        ->group(group);
    app.add_option("--wav", o.wav, "sound received")->group(group);
    app.add_option("--dump-stream", o.dump_stream, "H.264 received, Annex B")->group(group);
    app.add_option("--psnr-every", o.psnr_every, "compare every n-th picture; 0: none")
        ->capture_default_str()
        ->group(group);
    app.add_option("--skip", o.skip_seconds, "seconds after the first picture that are not judged")
        ->capture_default_str()
        ->group(group);
    app.add_option("--judge-sound", o.judge_sound,
                   "how many of --count judge what they hear; the others what they see")
        ->capture_default_str()
        ->group(group);
    app.add_flag("!--no-analysis", o.analyse, "count packets only: costs nothing after the call")
        ->group(group);
}

}  // namespace

Options read_options(int argc, char** argv) {
    Options o;
    o.cache = folder_from_environment();
    std::string size = "1280x720", audio = "opus,g722,pcmu,pcma", codec;
    CLI::App app(kAbout);
    app.add_option("uri", o.uri, "sip:ROOM@HOST:PORT[;transport=tcp|tls]");
    app.add_flag("--listen", o.listen, "wait for --count calls instead of dialling");
    app.add_flag("--prepare", o.prepare,
                 "paint the clips that calls with these options need, and end");
    app.add_flag("--demo", o.demo, "three friendly participants who stay until a signal");
    app.add_option("--local", o.host, "our address")->capture_default_str();
    app.add_option("--announce", o.announced,
                   "address in the SDP, as behind a NAT: media reaches us where ours comes from");
    app.add_flag("--tls", o.tls, "SIP over TLS and nothing else; any certificate will do");
    app.add_option("--sip-port", o.sip_port, "ours; 0: any")->capture_default_str();
    app.add_option("--rtp-port", o.rtp_port, "first of four per participant, even; 0: any")
        ->capture_default_str();
    app.add_option("--count", o.count, "participants, with identities from --identity on")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
    app.add_option("--name", o.name, "SIP display name; with --count: NAME IDENTITY")
        ->capture_default_str();
    app.add_option("--identity", o.identity, "in the bar code; chooses colour and tone")
        ->capture_default_str()
        ->check(CLI::Range(0, 63));
    app.add_option("--seconds", o.seconds, "length of the call; 0: until SIGINT or SIGTERM")
        ->capture_default_str();
    app.add_option("--stagger", o.stagger_seconds, "seconds between the calls of --count")
        ->capture_default_str();
    add_media(app, o, size, audio);
    add_misbehaviour(app, o, codec);
    add_report(app, o);
    try {
        app.parse(argc, argv);
        o.clip.size = read_size(size);
        o.codecs = read_codecs(audio);
        if (o.uri.empty() && !o.listen && !o.prepare) {
            throw CLI::RequiredError("a SIP URI to dial, --listen, or --prepare");
        }
        if (o.identity + o.count > 64) {
            throw CLI::ValidationError("--count", "identities end at 63");
        }
        o.codec_change_to = codec.empty() ? o.codecs.back() : codec_by_option(codec);
        if (!o.codec_change_to) throw CLI::ValidationError("--codec-change-to", codec);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    if (o.demo) {
        // Pleasant company: two voices would tire, and nobody judges.
        o.count = 3;
        o.seconds = 0;
        o.sound = SoundPattern::Friendly;
        if (app.count("--identity") == 0) o.identity = 60;
    }
    if (o.table.empty()) o.table = o.cache + "/table";
    o.clip.key_interval = 2 * o.clip.fps;
    o.clip.most_slice_bytes = o.abilities.packetization_mode == 0 ? 1150 : 0;
    o.abilities.codecs = o.codecs;
    o.abilities.host = o.announced.empty() ? o.host : o.announced;
    return o;
}

}  // namespace endpoint

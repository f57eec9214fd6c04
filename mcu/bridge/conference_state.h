#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/units.h"
#include "mcu/session/media_config.h"
#include "mixer/audio/audio_playout.h"
#include "mixer/layout/layout_book.h"

namespace mcu {

/// What the owner wants of one session: rules, not plans.
struct SessionState {
    std::string id;
    std::string display_name;
    std::vector<std::string> roles;
    bool audio_muted = false;
    bool video_muted = false;
    std::string layout;  ///< empty: the conference's
    mixer::SelfView self_view = mixer::SelfView::ByLayout;
    std::vector<std::string> pinned;  ///< session ids
    std::string local_address;
    std::vector<MediaConfig> media;
    std::optional<BundleConfig> bundle = {};  ///< none: each medium has ports of its own
};

/// A session that could not be made or changed, and why, in words.
struct SessionFailure {
    std::string session;
    std::string reason;
};

/// The full desired state of one conference; repeating it is harmless.
struct ConferenceState {
    std::uint64_t revision = 0;
    std::string default_layout;  ///< empty: "auto"
    mixer::SelfView default_self_view = mixer::SelfView::ByLayout;
    common::PictureSize max_size{1280, 720};
    std::vector<std::string> pinned;  ///< session ids, for viewers who pinned nobody themselves
    bool noise_suppression = true;    ///< of voices in the mix
    bool leveling = true;             ///< brings all voices to one level
    std::vector<SessionState> sessions;
    /// Wanted too, but not to be understood: they stay as they are where they run.
    std::vector<SessionFailure> unreadable = {};
};

enum class MediaEvent : std::uint8_t { Started, Stopped, Frozen, Resumed };

/// When the net threads counted: `Now` waits for each of them.
enum class Counted : std::uint8_t { Now, AtLastCheck };

struct SessionStatistics {
    std::string session;
    std::vector<StreamCounters> streams;
    common::PictureSize received_size;
    double received_frames_per_second = 0;
    std::string audio_mid, video_mid;      ///< which of the streams are the main ones; empty: none
    std::string video_codec, audio_codec;  ///< as received; empty: none
    std::string rung;                      ///< what it is sent; empty: no picture
    /// Why no sound, no picture is sent though it should be; empty: all is well.
    std::string audio_failure, video_failure;
    mixer::AudioPlayoutCounters playout;  ///< of the main sound
    bool speaking = false;
    double audio_level_dbfs = -127;
};

/// CPU time that one meeting cost, by what was done with it.
struct StageCpu {
    common::Duration decode{};   ///< pictures, without scaling
    common::Duration scale{};    ///< pictures, as soon as they are decoded
    common::Duration compose{};  ///< the video tick: canvases, and what scaling was left to it
    common::Duration encode{};   ///< pictures
    common::Duration audio{};    ///< the audio tick: playout, mix, codecs
};

struct ConferenceStatistics {
    std::uint64_t views = 0, encoders = 0, encoders_opened = 0, key_pictures = 0,
                  splice_pictures = 0, splice_contexts = 0, refreshes = 0;
    std::uint64_t pictures_encoded = 0;
    std::uint64_t pictures_skipped = 0;  ///< their encoder was still at the one before
    std::uint64_t sounds_encoded = 0;    ///< packets of 20 ms, for however many who hear the same
    std::uint64_t late_ticks = 0;        ///< video ticks that the node skipped
    /// How long after the video tick's time its pictures were with the encoders, lately.
    common::Duration drawn_after{};
    StageCpu cpu;
    /// By codec ("H264", "VP8"), and by the name of the rung.
    std::map<std::string, std::map<std::string, std::uint64_t>> encoders_by_codec;
    std::vector<SessionStatistics> sessions;
};

}  // namespace mcu

#pragma once

#include <array>
#include <atomic>

#include "mixer/audio/audio_mixer.h"
#include "mixer/audio/audio_source.h"
#include "mixer/audio/speech_detector.h"
#include "mixer/audio/voice_treatment.h"

namespace mixer {

/// One source's way into the sum: pulled, measured, gated when silent, treated while it is in the
/// mix, and brought in and out by ramps, so that neither its arrival nor its departure nor a mute
/// makes a jump.
///
/// Thread: audio tick alone, but `set_muted`: any, and `set_treatment`: control thread.
class Voice {
  public:
    explicit Voice(common::SourceId id) { level_.source = id; }

    void set_muted(bool muted) { muted_.store(muted, std::memory_order_relaxed); }

    void set_treatment(const VoiceTreatmentSettings& settings) { treatment_.apply(settings); }

    /// Takes this tick's sound; a null source has left, and what it last said fades.
    void take(common::Timestamp now, AudioSource* source);

    /// What it adds to the sum this tick; meaningful while `contributes`.
    [[nodiscard]] bool contributes() const { return contributes_; }
    [[nodiscard]] const AudioFrame& contribution() const { return contribution_; }
    /// `heard` is the mixer's to say.
    [[nodiscard]] const VoiceLevel& level() const { return level_; }

  private:
    [[nodiscard]] bool take_rest(common::Timestamp now, AudioSource& source, bool& sounds);
    void gate();
    void shape(float target_gain, std::size_t ramp_samples);

    std::atomic<bool> muted_{false};
    SpeechDetector detector_;
    VoiceTreatment treatment_;
    VoiceLevel level_;
    AudioFrame pulled_;
    AudioFrame contribution_;
    float gain_ = 0;
    bool contributes_ = false;
    bool open_ = false;
    int quiet_ticks_ = 0;
    int closed_ticks_ = 0;  ///< for so long nothing of it was in the mix
};

}  // namespace mixer

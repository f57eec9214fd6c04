#include "mixer/audio/voice.h"

#include <algorithm>

namespace mixer {
namespace {

// A microphone in a quiet room lies below -60 dBFS, a soft voice above -45.
constexpr float kOpenDbfs = -50;
constexpr float kCloseDbfs = -55;
constexpr int kCloseTicks = 25;  // 0.5 s
constexpr int kRestTicks = 50;   // 1 s of nothing heard before anything is left out
constexpr std::size_t kOnsetSamples =
    240;  // 5 ms: a word's first consonant is no longer than a tick
constexpr std::size_t kTailSamples = 240;  // 5 ms

}  // namespace

void Voice::take(common::Timestamp now, AudioSource* source) {
    bool sounds = false;
    if (source != nullptr && take_rest(now, *source, sounds)) return;
    const bool muted = muted_.load(std::memory_order_relaxed);
    level_.level_dbfs = sounds ? level_dbfs(pulled_) : kSilenceDbfs;
    const bool speaks = detector_.update(level_.level_dbfs);
    level_.voice = speaks && !muted;
    gate();

    if (sounds) {
        const bool wanted = open_ && !muted;
        // Only what is heard: a suppressor costs more than all the rest of a voice.
        if (wanted || gain_ > 0) treatment_.process(pulled_, speaks);
        shape(wanted ? 1.0F : 0.0F, wanted ? kOnsetSamples : kTickSamples);
        return;
    }
    // It stopped in the middle of a wave: run back along what was heard last, fading. The
    // contribution of the last tick is gone through from its end, where it already has its gain.
    if (gain_ > 0) {
        std::reverse(contribution_.samples.begin(), contribution_.samples.end());
        pulled_ = contribution_;
        gain_ = 1;
    }
    shape(0, kTailSamples);
}

// Who has long been silent is not decoded while its packets say that it goes on: its level, and
// what the detector knows of its noise, stay as they are.
bool Voice::take_rest(common::Timestamp now, AudioSource& source, bool& sounds) {
    const bool closed = !open_ && gain_ <= 0 && level_.level_dbfs < kCloseDbfs;
    closed_ticks_ = closed ? std::min(closed_ticks_ + 1, kRestTicks) : 0;
    if (closed_ticks_ < kRestTicks) {
        sounds = source.pull(now, pulled_);
        return false;
    }
    const AudioSource::Pulled pulled = source.pull_unheard(now, pulled_);
    sounds = pulled == AudioSource::Pulled::Sound;
    if (pulled != AudioSource::Pulled::Rest) return false;
    contributes_ = false;
    return true;
}

void Voice::gate() {
    if (level_.level_dbfs >= kOpenDbfs || level_.voice) {
        open_ = true;
        quiet_ticks_ = 0;
    } else if (level_.level_dbfs < kCloseDbfs && open_ && ++quiet_ticks_ >= kCloseTicks) {
        open_ = false;
    }
}

void Voice::shape(float target_gain, std::size_t ramp_samples) {
    contributes_ = gain_ > 0 || target_gain > 0;
    if (!contributes_) return;
    const float step = (target_gain - gain_) / static_cast<float>(ramp_samples);
    for (std::size_t i = 0; i < kTickSamples; ++i) {
        const float gain =
            i < ramp_samples ? gain_ + step * static_cast<float>(i + 1) : target_gain;
        contribution_.samples[i] = pulled_.samples[i] * gain;
    }
    gain_ = target_gain;
}

}  // namespace mixer

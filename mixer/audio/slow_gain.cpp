#include "mixer/audio/slow_gain.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "mixer/audio/speech_detector.h"

namespace mixer {
namespace {

constexpr float kSpeechDbfs = -24;
constexpr float kMostDb = 24;
constexpr float kLeastDb = -12;
constexpr float kFaintDbfs = -62;  // to where noise may always be lifted,
constexpr float kClearDb = 12;     // or as far as speech stands out of it more than this
constexpr float kUpDb = 0.16F;     // 8 dB a second, of speech
constexpr float kDownDb = 0.3F;
constexpr float kDeadBandDb = 1;
// A syllable's loud part is what one hears of it: followed upward quickly, downward slowly, and
// not at all into the gaps.
constexpr float kUpShare = 0.2F;
constexpr float kDownShare = 0.03F;
constexpr float kGapDb = 15;
constexpr float kFloorFallShare = 0.3F;
constexpr float kFloorRiseDb = 0.04F;  // 2 dB a second

}  // namespace

void SlowGain::process(AudioFrame& frame, bool voice) {
    follow(level_dbfs(frame), voice);
    const float before_db = gain_db_;
    if (voice && spoken_) {
        const float missing = wanted_db() - gain_db_;
        if (std::abs(missing) > kDeadBandDb) gain_db_ += std::clamp(missing, -kDownDb, kUpDb);
    }
    if (before_db == 0 && gain_db_ == 0) return;
    const float begin = std::pow(10.0F, before_db / 20);
    const float step = (std::pow(10.0F, gain_db_ / 20) - begin) / static_cast<float>(kTickSamples);
    for (std::size_t i = 0; i < kTickSamples; ++i) {
        frame.samples[i] *= begin + step * static_cast<float>(i + 1);
    }
}

void SlowGain::follow(float level, bool voice) {
    if (level <= kSilenceDbfs) return;  // a gap in the stream, not the room's silence
    if (voice) {
        if (!std::exchange(spoken_, true)) speech_dbfs_ = floor_dbfs_ = level;
        const float above = level - speech_dbfs_;
        if (above > -kGapDb) speech_dbfs_ += above * (above > 0 ? kUpShare : kDownShare);
    }
    if (!spoken_) return;
    const float above_floor = level - floor_dbfs_;
    floor_dbfs_ += above_floor < 0 ? above_floor * kFloorFallShare : kFloorRiseDb;
}

float SlowGain::wanted_db() const {
    const float clear = speech_dbfs_ - floor_dbfs_ - kClearDb;
    const float most = std::clamp(std::max(kFaintDbfs - floor_dbfs_, clear), 0.0F, kMostDb);
    return std::clamp(kSpeechDbfs - speech_dbfs_, kLeastDb, most);
}

}  // namespace mixer

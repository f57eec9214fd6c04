#include "mixer/audio/speech_detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace mixer {
namespace {

constexpr float kAboveFloorDb = 9;
constexpr float kLeastVoiceDbfs = -50;
constexpr float kLowestFloorDbfs = -70;
constexpr int kOnsetTicks = 2;  // 40 ms: a click is no word
constexpr int kHoldTicks = 10;  // 200 ms: the stops within a word
constexpr float kFallShare = 0.3F;
constexpr float kRiseDb = 0.05F;  // 2.5 dB a second while nobody speaks
constexpr float kRiseInVoiceDb = 0.01F;
// Nobody speaks for so long without a dip: a fan, a hum, a line tone.
constexpr int kTooSteadyTicks = 750;
constexpr float kRiseWhenTooSteadyDb = 0.1F;

}  // namespace

float level_dbfs(const AudioFrame& frame) {
    // Sixteen sums side by side: one alone would wait for itself at every sample.
    constexpr std::size_t kLanes = 16;
    static_assert(kTickSamples % kLanes == 0);
    std::array<float, kLanes> sums{};
    for (std::size_t i = 0; i < kTickSamples; i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            const float sample = frame.samples[i + lane];
            sums[lane] += sample * sample;
        }
    }
    const double sum = std::accumulate(sums.begin(), sums.end(), 0.0);
    if (sum <= 0) return kSilenceDbfs;
    const double mean = sum / static_cast<double>(frame.samples.size());
    return std::max(kSilenceDbfs, static_cast<float>(10 * std::log10(mean)));
}

bool SpeechDetector::update(float level) {
    const bool loud = level > kLeastVoiceDbfs && level > floor_dbfs_ + kAboveFloorDb;
    loud_ticks_ = loud ? loud_ticks_ + 1 : 0;
    if (loud_ticks_ >= kOnsetTicks) {
        hold_ticks_ = kHoldTicks;
    } else if (!loud && hold_ticks_ > 0) {
        --hold_ticks_;
    }
    const bool voice = hold_ticks_ > 0;
    voice_ticks_ = loud && voice ? voice_ticks_ + 1 : 0;

    if (level < floor_dbfs_) {
        floor_dbfs_ += (std::max(level, kLowestFloorDbfs) - floor_dbfs_) * kFallShare;
    } else if (voice_ticks_ > kTooSteadyTicks) {
        floor_dbfs_ += kRiseWhenTooSteadyDb;
    } else {
        floor_dbfs_ += voice ? kRiseInVoiceDb : kRiseDb;
    }
    return voice;
}

}  // namespace mixer

#include "mixer/audio/limiter.h"

#include <algorithm>
#include <cmath>

namespace mixer {
namespace {

constexpr float kCeiling = 0.9F;
constexpr std::size_t kAttackSamples = 96;  // 2 ms
constexpr float kReleasePerTick = 1.0593F;  // 0.5 dB: 25 dB a second

float rounded_off(float sample) {
    const float size = std::abs(sample);
    if (size <= kCeiling) return sample;
    constexpr float kRoom = 0.999F - kCeiling;
    return std::copysign(kCeiling + kRoom * std::tanh((size - kCeiling) / kRoom), sample);
}

}  // namespace

void Limiter::process(AudioFrame& frame) {
    float peak = 0;
    for (const float sample : frame.samples) peak = std::max(peak, std::abs(sample));
    const float wanted = peak > kCeiling ? kCeiling / peak : 1.0F;
    if (gain_ == 1.0F && wanted == 1.0F) return;

    const bool lower = wanted < gain_;
    const float end = lower ? wanted : std::min(wanted, gain_ * kReleasePerTick);
    const std::size_t ramp = lower ? kAttackSamples : kTickSamples;
    const float step = (end - gain_) / static_cast<float>(ramp);
    for (std::size_t i = 0; i < kTickSamples; ++i) {
        const float gain = i < ramp ? gain_ + step * static_cast<float>(i + 1) : end;
        frame.samples[i] = rounded_off(frame.samples[i] * gain);
    }
    gain_ = end;
}

}  // namespace mixer

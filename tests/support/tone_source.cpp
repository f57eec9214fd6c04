#include "tests/support/tone_source.h"

#include <cmath>
#include <numbers>

namespace tests {
namespace {
float sine_at(double hz, double amplitude, std::uint64_t sample) {
    const double turns = hz * static_cast<double>(sample) / mixer::kSampleRateHz;
    return static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * turns));
}
}  // namespace

bool ToneSource::pull(common::Timestamp /*now*/, mixer::AudioFrame& out) {
    ++pulls_;
    const double amplitude = amplitude_;
    for (float& sample : out.samples) sample = sine_at(hz_, amplitude, position_++);
    return amplitude > 0;
}

std::vector<float> sine(double hz, double amplitude, std::size_t count, std::uint64_t start) {
    std::vector<float> samples(count);
    for (std::size_t i = 0; i < count; ++i) samples[i] = sine_at(hz, amplitude, start + i);
    return samples;
}

}  // namespace tests

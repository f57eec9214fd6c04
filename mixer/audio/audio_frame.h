#pragma once

#include <array>
#include <cstddef>

#include "common/units.h"

namespace mixer {

inline constexpr int kSampleRateHz = 48000;
inline constexpr std::size_t kTickSamples = 960;
inline constexpr common::Duration kAudioTick = std::chrono::milliseconds(20);

/// One tick of sound: 20 ms, mono, float in [-1, 1], 48 kHz: 960 samples.
struct AudioFrame {
    std::array<float, kTickSamples> samples{};
};

}  // namespace mixer

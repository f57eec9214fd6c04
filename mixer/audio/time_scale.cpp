#include "mixer/audio/time_scale.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mixer {
namespace {

constexpr std::size_t kCoarse = 6;  // searched at 8 kHz first
constexpr std::size_t kMostCoarse = (kMostLag + 2 * kMatchSamples) / kCoarse;
constexpr float kQuietRms = 0.004F;  // -48 dBFS

struct Likeness {
    float value = 0;
    float energy = 0;  ///< of both pieces
};

Likeness compare(std::span<const float> sound, std::size_t lag, std::size_t length) {
    float product = 0;
    float first = 0;
    float second = 0;
    for (std::size_t i = 0; i < length; ++i) {
        product += sound[i] * sound[i + lag];
        first += sound[i] * sound[i];
        second += sound[i + lag] * sound[i + lag];
    }
    constexpr float kNothing = 1e-9F;
    return {product / (std::sqrt(first * second) + kNothing), first + second};
}

std::size_t decimate(std::span<const float> sound, std::span<float> out) {
    const std::size_t count = std::min(sound.size() / kCoarse, out.size());
    for (std::size_t i = 0; i < count; ++i) {
        float sum = 0;
        for (std::size_t j = 0; j < kCoarse; ++j) sum += sound[i * kCoarse + j];
        out[i] = sum;
    }
    return count;
}

std::size_t most_alike(std::span<const float> sound, std::size_t least, std::size_t most,
                       std::size_t length) {
    std::size_t best = least;
    float highest = -2;
    for (std::size_t lag = least; lag <= most; ++lag) {
        const float value = compare(sound, lag, length).value;
        if (value <= highest) continue;
        highest = value;
        best = lag;
    }
    return best;
}

}  // namespace

PitchMatch find_pitch(std::span<const float> sound, std::size_t least, std::size_t most) {
    if (sound.size() < kMatchSamples + kLeastLag) return {};
    // Compared over twice the length where there is so much: a period may be longer than 5 ms.
    const std::size_t length =
        sound.size() >= 2 * kMatchSamples + most ? 2 * kMatchSamples : kMatchSamples;
    most = std::min({most, kMostLag, sound.size() - length});
    least = std::max(least, kLeastLag);
    if (least > most) return {};

    std::array<float, kMostCoarse> coarse{};
    const std::size_t count = decimate(sound.first(std::min(sound.size(), most + length)), coarse);
    const std::size_t coarse_length = length / kCoarse;
    const std::size_t coarse_most = std::min(most / kCoarse, count - coarse_length);
    const std::size_t near =
        most_alike(coarse, std::min(least / kCoarse, coarse_most), coarse_most, coarse_length) *
        kCoarse;

    PitchMatch match;
    match.lag = most_alike(sound, std::clamp(near - kCoarse, least, most),
                           std::clamp(near + kCoarse, least, most), length);
    const Likeness found = compare(sound, match.lag, length);
    match.likeness = found.value;
    match.quiet = found.energy < 2 * static_cast<float>(length) * kQuietRms * kQuietRms;
    return match;
}

}  // namespace mixer

#pragma once

#include <cstddef>
#include <span>

namespace mixer {

/// A place to shorten or lengthen sound unheard: `sound` at 0 and at `lag` look alike.
struct PitchMatch {
    std::size_t lag = 0;  ///< samples; 0: the piece is too short
    float likeness = 0;   ///< normalized correlation there, -1 to 1
    bool quiet = false;   ///< next to nothing is heard: any lag will do
};

/// Looks for the pitch period at the start of a piece of sound, as WSOLA does: sound cut or
/// repeated by whole periods keeps its pitch.
///
/// Shape:  48 kHz. Lags of `least` to `most` samples, both at least kLeastLag and at most kMostLag.
/// Pure; costs about 20000 multiplications, whatever the length.
[[nodiscard]] PitchMatch find_pitch(std::span<const float> sound, std::size_t least,
                                    std::size_t most);

inline constexpr std::size_t kLeastLag = 120;  ///< 2.5 ms: 400 Hz
inline constexpr std::size_t kMostLag = 720;   ///< 15 ms: 67 Hz
/// What is compared, and what two pieces are faded into each other over: 5 ms.
inline constexpr std::size_t kMatchSamples = 240;

}  // namespace mixer

#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "common/result.h"

namespace mixer {

/// Converts a stream of samples between two rates where one divides the other, keeping its filter
/// state, so that ticks join without a seam. Delays by half its filter (5 ms between 8 and 48 kHz,
/// 2.5 ms between 16 and 48 kHz).
///
/// Shape:  mono float. n samples in give exactly n * to / from samples out: give it multiples.
/// Thread: any one thread; allocates only in `create`.
class Resampler {
  public:
    static common::Result<Resampler> create(int from_hz, int to_hz);
    Resampler(Resampler&&) noexcept;
    Resampler& operator=(Resampler&&) noexcept;
    ~Resampler();

    /// `out` holds at least in.size() * to / from samples. Returns how many were written.
    std::size_t process(std::span<const float> in, std::span<float> out);
    /// Forgets what it heard.
    void reset();

  private:
    struct State;
    explicit Resampler(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace mixer

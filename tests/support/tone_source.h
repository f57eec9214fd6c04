#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "mixer/audio/audio_source.h"

namespace tests {

/// A participant who hums: an unbroken sine, until told to be quiet.
///
/// Thread: `pull` the audio tick; `set_amplitude` any.
class ToneSource final : public mixer::AudioSource {
  public:
    /// `amplitude` is the peak: 1 is full scale.
    explicit ToneSource(double hz, double amplitude = 0.25) : hz_(hz), amplitude_(amplitude) {}
    bool pull(common::Timestamp now, mixer::AudioFrame& out) override;
    /// 0: silent, and `pull` says so. Takes effect at the next tick, with whatever jump that makes.
    void set_amplitude(double amplitude) { amplitude_ = amplitude; }
    [[nodiscard]] std::uint64_t pulls() const { return pulls_; }

  private:
    const double hz_;
    std::atomic<double> amplitude_;
    std::uint64_t position_ = 0;
    std::atomic<std::uint64_t> pulls_{0};
};

/// `count` samples of a sine at 48 kHz from sample number `start` of it.
std::vector<float> sine(double hz, double amplitude, std::size_t count, std::uint64_t start = 0);

}  // namespace tests

#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace tests {

/// Somebody who talks: syllables of voiced sound (a pulse train of wandering pitch through three
/// formants), hissing consonants and pauses, as much like speech as gain control, noise suppression
/// and time scaling need. The same for the same seed.
///
/// Shape: 48 kHz mono. While a syllable lasts its RMS is near `level_dbfs`.
class Talker {
  public:
    struct Voice {
        double pitch_hz = 120;
        double level_dbfs = -26;
        std::uint64_t seed = 1;
    };
    explicit Talker(Voice voice);
    /// The next samples.
    std::vector<float> say(std::size_t samples);
    /// False in the pauses between sentences; as of the last sample said.
    [[nodiscard]] bool speaking() const { return kind_ != Kind::Pause; }

  private:
    enum class Kind : std::uint8_t { Vowel, Hiss, Pause };
    struct Resonator {
        double a1 = 0, a2 = 0, gain = 1, y1 = 0, y2 = 0;
        void tune(double hz, double width_hz);
        double step(double in);
    };
    void next_segment();
    double sample();
    double uniform(double low, double high);

    Voice voice_;
    std::mt19937_64 random_;
    Kind kind_ = Kind::Pause;
    std::size_t left_ = 0, length_ = 1;
    int syllables_left_ = 0;
    double phase_ = 0, pitch_hz_ = 120, glide_ = 0;
    Resonator formants_[3];
    double scale_ = 1;
};

/// White noise of an RMS level.
class Hiss {
  public:
    explicit Hiss(double level_dbfs, std::uint64_t seed = 1);
    std::vector<float> make(std::size_t samples);

  private:
    std::mt19937_64 random_;
    std::normal_distribution<double> normal_;
};

}  // namespace tests

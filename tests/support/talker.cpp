#include "tests/support/talker.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tests {
namespace {

constexpr double kRate = 48000;
constexpr double kVowels[][3] = {
    {730, 1090, 2440}, {270, 2290, 3010}, {300, 870, 2240}, {530, 1840, 2480}, {570, 840, 2410}};

// RMS of what is loud: within 15 dB of the loudest 20 ms.
double syllable_rms(const std::vector<float>& said) {
    constexpr std::size_t kPiece = 960;
    std::vector<double> powers;
    for (std::size_t at = 0; at + kPiece <= said.size(); at += kPiece) {
        double power = 0;
        for (std::size_t i = at; i < at + kPiece; ++i)
            power += static_cast<double>(said[i]) * static_cast<double>(said[i]);
        powers.push_back(power / kPiece);
    }
    const double least = *std::ranges::max_element(powers) / 30;
    double sum = 0;
    double count = 0;
    for (const double power : powers) {
        if (power < least) continue;
        sum += power;
        ++count;
    }
    return std::sqrt(sum / count);
}
}  // namespace

void Talker::Resonator::tune(double hz, double width_hz) {
    const double radius = std::exp(-std::numbers::pi * width_hz / kRate);
    a1 = 2 * radius * std::cos(2 * std::numbers::pi * hz / kRate);
    a2 = -radius * radius;
    gain = (1 - radius) * std::sqrt(1 - 2 * radius * std::cos(4 * std::numbers::pi * hz / kRate) +
                                    radius * radius);
}

double Talker::Resonator::step(double in) {
    const double out = gain * in + a1 * y1 + a2 * y2;
    y2 = y1;
    y1 = out;
    return out;
}

Talker::Talker(Voice voice) : voice_(voice), random_(voice.seed) {
    Talker rehearsal(*this);
    rehearsal.scale_ = 0.1;
    scale_ = 0.1 * std::pow(10, voice.level_dbfs / 20) / syllable_rms(rehearsal.say(8 * 48000));
}

double Talker::uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() >> 11U) / 9007199254740992.0;
}

void Talker::next_segment() {
    if (syllables_left_ == 0) {
        const bool was_pause = kind_ == Kind::Pause && length_ > 1;
        syllables_left_ = static_cast<int>(uniform(6, 14));
        kind_ = Kind::Pause;
        length_ = static_cast<std::size_t>(uniform(0.3, 0.9) * kRate);
        if (!was_pause && length_ > 0) {
            left_ = length_;
            return;
        }
    }
    if (kind_ == Kind::Hiss || uniform(0, 1) < 0.6) {
        kind_ = Kind::Vowel;
        --syllables_left_;
        length_ = static_cast<std::size_t>(uniform(0.12, 0.28) * kRate);
        const auto& vowel = kVowels[static_cast<std::size_t>(uniform(0, 4.999))];
        const double widths[] = {60, 90, 150};
        for (std::size_t i = 0; i < 3; ++i) formants_[i].tune(vowel[i], widths[i]);
        pitch_hz_ = voice_.pitch_hz * uniform(0.85, 1.2);
        glide_ = uniform(-0.25, 0.15);
    } else {
        kind_ = Kind::Hiss;
        length_ = static_cast<std::size_t>(uniform(0.03, 0.09) * kRate);
    }
    left_ = length_;
}

double Talker::sample() {
    if (left_ == 0) next_segment();
    --left_;
    const double position = 1 - static_cast<double>(left_) / static_cast<double>(length_);
    const double swell = std::sin(std::numbers::pi * position);
    double excitation = 0;
    if (kind_ == Kind::Vowel) {
        phase_ += pitch_hz_ * (1 + glide_ * position) / kRate;
        if (phase_ >= 1) {
            phase_ -= 1;
            excitation = 14;
        }
        excitation += uniform(-0.05, 0.05);
    }
    double voiced = 0;
    const double weights[] = {1, 0.6, 0.3};
    for (std::size_t i = 0; i < 3; ++i) voiced += weights[i] * formants_[i].step(excitation);
    const double hiss = kind_ == Kind::Hiss ? uniform(-0.06, 0.06) * swell : 0;
    const double envelope = kind_ == Kind::Vowel ? std::sqrt(swell) : 1;
    return (voiced * envelope + hiss) * scale_;
}

std::vector<float> Talker::say(std::size_t samples) {
    std::vector<float> said(samples);
    std::ranges::generate(said,
                          [&] { return static_cast<float>(std::clamp(sample(), -1.0, 1.0)); });
    return said;
}

Hiss::Hiss(double level_dbfs, std::uint64_t seed)
    : random_(seed), normal_(0, std::pow(10, level_dbfs / 20)) {}

std::vector<float> Hiss::make(std::size_t samples) {
    std::vector<float> made(samples);
    std::ranges::generate(
        made, [&] { return static_cast<float>(std::clamp(normal_(random_), -1.0, 1.0)); });
    return made;
}

}  // namespace tests

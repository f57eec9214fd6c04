#include "tests/support/goertzel.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace tests {
namespace {

constexpr double kSampleRate = 48000;

double power(std::span<const float> samples) {
    double sum = 0;
    for (const float sample : samples) sum += static_cast<double>(sample) * sample;
    return samples.empty() ? 0 : sum / static_cast<double>(samples.size());
}

double to_db(double power_ratio) {
    return 10 * std::log10(std::max(power_ratio, 1e-15));
}

/// One second-order Butterworth-like high-pass, run forward (RBJ's audio cookbook).
void high_pass(std::vector<double>& samples, double hz, double q) {
    const double w = 2 * std::numbers::pi * hz / kSampleRate;
    const double alpha = std::sin(w) / (2 * q);
    const double a0 = 1 + alpha;
    const double b0 = (1 + std::cos(w)) / 2 / a0, b1 = -(1 + std::cos(w)) / a0;
    const double a1 = -2 * std::cos(w) / a0, a2 = (1 - alpha) / a0;
    double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (double& sample : samples) {
        const double y = b0 * sample + b1 * x1 + b0 * x2 - a1 * y1 - a2 * y2;
        x2 = x1;
        x1 = sample;
        y2 = y1;
        y1 = y;
        sample = y;
    }
}

}  // namespace

double tone_amplitude(std::span<const float> samples, double hz) {
    const double w = 2 * std::numbers::pi * hz / kSampleRate;
    const double coefficient = 2 * std::cos(w);
    double s1 = 0, s2 = 0;
    for (const float sample : samples) {
        const double s0 = sample + coefficient * s1 - s2;
        s2 = s1;
        s1 = s0;
    }
    const double energy = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    return 2 * std::sqrt(std::max(energy, 0.0)) / static_cast<double>(samples.size());
}

double tones_snr_db(std::span<const float> samples, std::span<const double> tones_hz) {
    double tones = 0;
    for (const double hz : tones_hz) {
        const double amplitude = tone_amplitude(samples, hz);
        tones += amplitude * amplitude / 2;
    }
    return to_db(tones / std::max(power(samples) - tones, 1e-15));
}

double rms_dbfs(std::span<const float> samples) {
    return to_db(power(samples));
}

double peak(std::span<const float> samples) {
    double highest = 0;
    for (const float sample : samples) highest = std::max<double>(highest, std::abs(sample));
    return highest;
}

double loudest_click_dbfs(std::span<const float> samples, double above_hz) {
    constexpr std::size_t kWindow = 120;
    constexpr std::size_t kSettle = 960;  // the filters' own start is no click
    std::vector<double> left(samples.begin(), samples.end());
    for (const double q : {0.5412, 1.3066}) {  // fourth order, twice
        high_pass(left, above_hz, q);
        high_pass(left, above_hz, q);
    }
    double loudest = 0;
    for (std::size_t start = kSettle; start + kWindow <= left.size(); start += kWindow / 2) {
        double sum = 0;
        for (std::size_t i = 0; i < kWindow; ++i) sum += left[start + i] * left[start + i];
        loudest = std::max(loudest, sum / kWindow);
    }
    return to_db(loudest);
}

}  // namespace tests

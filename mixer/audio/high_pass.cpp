#include "mixer/audio/high_pass.h"

#include <cmath>
#include <numbers>

namespace mixer {
namespace {

struct Coefficients {
    float b0, b1, b2, a1, a2;
};

// The bilinear transform of the analog filter, as in R. Bristow-Johnson's cookbook.
Coefficients butterworth(double cutoff_hz) {
    const double w = 2 * std::numbers::pi * cutoff_hz / kSampleRateHz;
    const double alpha = std::sin(w) / std::numbers::sqrt2;
    const double a0 = 1 + alpha;
    const double shape = (1 + std::cos(w)) / 2;
    return {static_cast<float>(shape / a0), static_cast<float>(-2 * shape / a0),
            static_cast<float>(shape / a0), static_cast<float>(-2 * std::cos(w) / a0),
            static_cast<float>((1 - alpha) / a0)};
}

const Coefficients kFilter = butterworth(80);
constexpr float kNothing = 1e-15F;  // keeps a filter that rings out from denormal numbers

}  // namespace

void HighPass::process(AudioFrame& frame) {
    for (float& sample : frame.samples) {
        const float in = sample + kNothing;
        const float out = kFilter.b0 * in + kFilter.b1 * x1_ + kFilter.b2 * x2_ - kFilter.a1 * y1_ -
                          kFilter.a2 * y2_;
        x2_ = x1_;
        x1_ = in;
        y2_ = y1_;
        y1_ = out;
        sample = out;
    }
}

}  // namespace mixer

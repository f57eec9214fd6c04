#include "mixer/audio/limiter.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/goertzel.h"
#include "tests/support/tone_source.h"

namespace {
std::vector<float> limit(mixer::Limiter& limiter, double hz, double amplitude, std::size_t ticks,
                         std::uint64_t start = 0) {
    std::vector<float> out;
    for (std::size_t i = 0; i < ticks; ++i) {
        mixer::AudioFrame frame;
        const auto in = tests::sine(hz, amplitude, 960, start + i * 960);
        std::copy(in.begin(), in.end(), frame.samples.begin());
        limiter.process(frame);
        out.insert(out.end(), frame.samples.begin(), frame.samples.end());
    }
    return out;
}
}  // namespace

TEST_CASE("A limiter at rest touches nothing") {
    mixer::Limiter limiter;

    CHECK(limit(limiter, 440, 0.89, 5) == tests::sine(440, 0.89, 5 * 960));
    CHECK(limiter.gain() == 1);
}

TEST_CASE("A limiter keeps any sum below full scale, and a steady one undistorted") {
    mixer::Limiter limiter;

    const auto out = limit(limiter, 440, 8, 50);

    CHECK(tests::peak(out) < 1);
    const std::array tone{440.0};
    CHECK(tests::tones_snr_db(std::span(out).last(9600), tone) > 60);
    CHECK(tests::tone_amplitude(std::span(out).last(9600), 440) == Approx(0.9).margin(0.01));
}

TEST_CASE("A limiter rises again slowly, to exactly one") {
    mixer::Limiter limiter;
    limit(limiter, 440, 2, 5);

    limit(limiter, 440, 0.1, 1);
    CHECK(limiter.gain() < 0.5F);
    limit(limiter, 440, 0.1, 20);
    CHECK(limiter.gain() == 1);
}

TEST_CASE("A limiter comes in and goes out without a click") {
    mixer::Limiter limiter;
    auto out = limit(limiter, 200, 0.8, 10);

    const auto loud = limit(limiter, 200, 1.2, 20, 10 * 960);
    out.insert(out.end(), loud.begin(), loud.end());

    CHECK(tests::loudest_click_dbfs(std::span(out).first(10 * 960), 4000) < -80);
    CHECK(tests::loudest_click_dbfs(out, 4000) < -35);  // the input's own step is in there
}

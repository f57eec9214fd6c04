#include "mixer/audio/high_pass.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/goertzel.h"
#include "tests/support/tone_source.h"

namespace {

double gain_db(double hz) {
    mixer::HighPass filter;
    std::vector<float> out;
    const auto in = tests::sine(hz, 0.5, 48000);
    for (std::size_t at = 0; at < in.size(); at += mixer::kTickSamples) {
        mixer::AudioFrame frame;
        std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(at), mixer::kTickSamples,
                    frame.samples.begin());
        filter.process(frame);
        out.insert(out.end(), frame.samples.begin(), frame.samples.end());
    }
    return tests::rms_dbfs(std::span(out).last(24000)) - tests::rms_dbfs(std::span(in).last(24000));
}

}  // namespace

TEST_CASE("Rumble goes and speech stays") {
    CHECK(gain_db(20) < -22);
    CHECK(gain_db(40) < -11);
    CHECK(gain_db(200) > -0.2);
    CHECK(gain_db(1000) > -0.05);
    CHECK(gain_db(1000) < 0.05);
}

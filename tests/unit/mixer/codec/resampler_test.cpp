#include "mixer/codec/resampler.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/goertzel.h"
#include "tests/support/tone_source.h"

TEST_CASE("A resampler gives exactly the ratio of samples, tick by tick, without a seam") {
    for (const int narrow_hz : {8000, 16000}) {
        CAPTURE(narrow_hz);
        auto down = mixer::Resampler::create(48000, narrow_hz);
        auto up = mixer::Resampler::create(narrow_hz, 48000);
        REQUIRE(down);
        REQUIRE(up);
        const auto sound = tests::sine(1000, 0.5, 50 * 960);
        std::vector<float> narrow(960), wide(960), heard;

        for (std::size_t i = 0; i < 50; ++i) {
            const std::size_t count = down->process(std::span(sound).subspan(i * 960, 960), narrow);
            REQUIRE(count == static_cast<std::size_t>(narrow_hz / 50));
            REQUIRE(up->process(std::span(narrow).first(count), wide) == 960);
            heard.insert(heard.end(), wide.begin(), wide.end());
        }

        const auto steady = std::span(heard).last(24000);
        CHECK(tests::tone_amplitude(steady, 1000) == Approx(0.5).margin(0.01));
        CHECK(tests::loudest_click_dbfs(steady, 5000) < -60);
    }
}

TEST_CASE("A resampler that was reset remembers nothing") {
    auto up = mixer::Resampler::create(8000, 48000);
    REQUIRE(up);
    std::vector<float> out(960);
    up->process(tests::sine(7000, 0.9, 160), out);

    up->reset();
    up->process(std::vector<float>(160), out);

    CHECK(tests::peak(out) == 0);
}

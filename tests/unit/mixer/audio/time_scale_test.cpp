#include "mixer/audio/time_scale.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "mixer/audio/sample_fifo.h"
#include "tests/support/goertzel.h"
#include "tests/support/talker.h"
#include "tests/support/tone_source.h"

using mixer::find_pitch;
using mixer::SampleFifo;

namespace {

SampleFifo holding(std::span<const float> sound) {
    SampleFifo fifo(sound.size() + 2000);
    std::copy(sound.begin(), sound.end(), fifo.room().begin());
    fifo.grow(sound.size());
    return fifo;
}

}  // namespace

TEST_CASE("A tone's pitch is found at a whole number of its periods") {
    for (const double hz : {90.0, 133.0, 200.0, 440.0, 1000.0}) {
        CAPTURE(hz);
        const auto sound = tests::sine(hz, 0.3, 1920);

        const auto match = find_pitch(sound, mixer::kLeastLag, mixer::kMostLag);

        const double periods = static_cast<double>(match.lag) * hz / 48000;
        CHECK(std::abs(periods - std::round(periods)) < 0.012);
        CHECK(match.likeness > 0.99F);
        CHECK_FALSE(match.quiet);
    }
}

TEST_CASE("Noise has no pitch") {
    const auto sound = tests::Hiss(-20, 3).make(1920);

    CHECK(find_pitch(sound, mixer::kLeastLag, mixer::kMostLag).likeness < 0.6F);
}

TEST_CASE("Next to silence is quiet, and anything may be left out of it") {
    const auto sound = tests::Hiss(-60, 3).make(1920);

    CHECK(find_pitch(sound, mixer::kLeastLag, mixer::kMostLag).quiet);
}

TEST_CASE("A piece too short to be compared has no match") {
    const auto sound = tests::sine(200, 0.3, 300);

    CHECK(find_pitch(sound, mixer::kLeastLag, mixer::kMostLag).lag == 0);
}

TEST_CASE("A tone shortened or lengthened by its pitch goes on without a seam") {
    for (const bool longer : {false, true}) {
        const auto sound = tests::sine(210, 0.3, 4800);
        SampleFifo fifo = holding(sound);
        const auto match = find_pitch(fifo.view(), mixer::kLeastLag, mixer::kMostLag);
        REQUIRE(match.lag > 0);

        longer ? fifo.repeat(match.lag) : fifo.skip(match.lag);

        CHECK(fifo.size() == (longer ? 4800 + match.lag : 4800 - match.lag));
        CHECK(tests::loudest_click_dbfs(fifo.view(), 3000) < -60);
        const double hz[] = {210};
        CHECK(tests::tones_snr_db(fifo.view().first(3200), hz) > 25);
    }
}

TEST_CASE("Repeating begins with what was there and ends with it") {
    const auto sound = tests::Hiss(-20, 5).make(2000);
    SampleFifo fifo = holding(sound);

    fifo.repeat(500);

    REQUIRE(fifo.size() == 2500);
    CHECK(std::equal(sound.begin(), sound.begin() + 500, fifo.view().begin()));
    CHECK(std::equal(sound.begin() + 240, sound.end(), fifo.view().begin() + 740));
}

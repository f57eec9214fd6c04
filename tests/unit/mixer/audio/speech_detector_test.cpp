#include "mixer/audio/speech_detector.h"

#include <catch2/catch.hpp>

using mixer::SpeechDetector;

namespace {
int voice_ticks(SpeechDetector& detector, float level_dbfs, int ticks) {
    int voice = 0;
    for (int i = 0; i < ticks; ++i) voice += detector.update(level_dbfs) ? 1 : 0;
    return voice;
}
}  // namespace

TEST_CASE("Silence and a quiet room are no speech") {
    SpeechDetector detector;

    CHECK(voice_ticks(detector, -127, 500) == 0);
    CHECK(voice_ticks(detector, -62, 500) == 0);
}

TEST_CASE("A voice is found within 40 ms and held 200 ms over a pause") {
    SpeechDetector detector;
    voice_ticks(detector, -65, 100);

    CHECK(voice_ticks(detector, -30, 5) == 4);
    CHECK(voice_ticks(detector, -65, 50) == 9);
}

TEST_CASE("A click of one tick is no speech") {
    SpeechDetector detector;
    voice_ticks(detector, -65, 100);

    CHECK(voice_ticks(detector, -10, 1) == 0);
    CHECK(voice_ticks(detector, -65, 20) == 0);
}

TEST_CASE("A fan becomes noise, and a voice is still heard above it") {
    SpeechDetector detector;

    voice_ticks(detector, -42, 50 * 40);

    CHECK(voice_ticks(detector, -42, 50) == 0);
    CHECK(voice_ticks(detector, -25, 5) >= 4);
}

TEST_CASE("A voice with its natural dips stays a voice for minutes") {
    SpeechDetector detector;
    int voice = 0;

    for (int word = 0; word < 400; ++word) {
        voice += voice_ticks(detector, -28, 20);
        voice += voice_ticks(detector, -55, 10);
    }

    CHECK(voice > 400 * 30 * 9 / 10);
}

TEST_CASE("The level of silence is a number") {
    CHECK(mixer::level_dbfs({}) == mixer::kSilenceDbfs);
}

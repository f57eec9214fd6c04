#include "mixer/audio/slow_gain.h"

#include <catch2/catch.hpp>

#include "mixer/audio/speech_detector.h"
#include "tests/support/talker.h"

namespace {

void hear(mixer::SlowGain& gain, std::vector<float> sound, bool voice) {
    for (std::size_t at = 0; at + mixer::kTickSamples <= sound.size(); at += mixer::kTickSamples) {
        mixer::AudioFrame frame;
        std::copy_n(sound.begin() + static_cast<std::ptrdiff_t>(at), mixer::kTickSamples,
                    frame.samples.begin());
        gain.process(frame, voice);
    }
}

constexpr std::size_t kSecond = 48000;

}  // namespace

TEST_CASE("A soft voice is lifted and a loud one lowered, to the same level") {
    for (const double level : {-46.0, -36.0, -16.0}) {
        CAPTURE(level);
        mixer::SlowGain gain;
        tests::Talker talker({.level_dbfs = level});

        hear(gain, talker.say(8 * kSecond), true);

        CHECK(level + static_cast<double>(gain.gain_db()) > -28);
        CHECK(level + static_cast<double>(gain.gain_db()) < -21);
    }
}

TEST_CASE("Who does not speak is not lifted") {
    mixer::SlowGain gain;

    hear(gain, tests::Hiss(-60).make(10 * kSecond), false);

    CHECK(gain.gain_db() == 0);
}

TEST_CASE("Steady noise that is taken for a voice is not lifted above what is faint") {
    mixer::SlowGain gain;

    hear(gain, tests::Hiss(-45).make(10 * kSecond), true);

    CHECK(gain.gain_db() <= 0);
}

TEST_CASE("A pause keeps the gain") {
    mixer::SlowGain gain;
    tests::Talker talker({.level_dbfs = -40});
    hear(gain, talker.say(8 * kSecond), true);
    const float before = gain.gain_db();

    hear(gain, std::vector<float>(10 * kSecond), false);

    CHECK(gain.gain_db() == before);
}

TEST_CASE("The gain never moves by more than 0.3 dB a tick") {
    mixer::SlowGain gain;
    tests::Talker talker({.level_dbfs = -6});
    float before = 0;

    for (int i = 0; i < 200; ++i) {
        hear(gain, talker.say(mixer::kTickSamples), true);
        CHECK(std::abs(gain.gain_db() - before) < 0.31F);
        before = gain.gain_db();
    }
}

#include "mixer/audio/voice_treatment.h"

#include <catch2/catch.hpp>

#include "mixer/audio/audio_mixer.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/talker.h"
#include "tests/support/tone_source.h"

namespace {

mixer::AudioFrame frame_of(const std::vector<float>& sound) {
    mixer::AudioFrame frame;
    std::copy_n(sound.begin(), mixer::kTickSamples, frame.samples.begin());
    return frame;
}

constexpr mixer::VoiceTreatmentSettings kAll{
    .high_pass = true, .noise_suppression = true, .leveling = true};

}  // namespace

TEST_CASE("A voice is left as it is until treatment is asked for, and after it is ended") {
    mixer::VoiceTreatment treatment;
    tests::Talker talker({});
    const mixer::AudioFrame said = frame_of(talker.say(mixer::kTickSamples));

    mixer::AudioFrame heard = said;
    treatment.process(heard, true);
    CHECK(heard.samples == said.samples);

    treatment.apply(kAll);
    for (int i = 0; i < 5; ++i) treatment.process(heard, true);
    CHECK(heard.samples != said.samples);

    treatment.apply({});
    heard = said;
    treatment.process(heard, true);
    CHECK(heard.samples == said.samples);
}

TEST_CASE("Treating a voice allocates nothing") {
    mixer::VoiceTreatment treatment;
    treatment.apply(kAll);
    tests::Talker talker({});
    std::uint64_t allocations = 0;

    for (int i = 0; i < 100; ++i) {
        mixer::AudioFrame frame = frame_of(talker.say(mixer::kTickSamples));
        const tests::AllocationCounter counter;
        treatment.process(frame, i % 3 != 0);
        allocations += counter.count();
    }

    CHECK(allocations == 0);
}

TEST_CASE("A mixer treats the voices it has and those that come later") {
    mixer::AudioMixer mixer;
    tests::ToneSource first(40, 0.25);  // what a high-pass takes away
    tests::ToneSource second(40, 0.25);
    REQUIRE(mixer.add_source(common::SourceId{1}, first));
    mixer.set_treatment({.high_pass = true});
    REQUIRE(mixer.add_source(common::SourceId{2}, second));
    auto now = common::Timestamp::from_ns(1'000'000'000);
    float peak = 0;

    for (int i = 0; i < 50; ++i, now = now + mixer::kAudioTick) {
        const mixer::MixedTick tick = mixer.tick(now);
        if (i < 25) continue;
        for (const float sample : tick.everyone->samples) peak = std::max(peak, sample);
    }

    CHECK(peak > 0.05F);
    CHECK(peak < 0.15F);  // 0.5 untreated
}

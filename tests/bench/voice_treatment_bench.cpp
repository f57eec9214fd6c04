#include <benchmark/benchmark.h>

#include "mixer/audio/audio_mixer.h"
#include "mixer/audio/time_scale.h"
#include "mixer/audio/voice_treatment.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/talker.h"

// What a voice costs a tick of 20 ms, besides decoding: only voices in the mix are treated.

namespace {

mixer::AudioFrame frame_of(tests::Talker& talker) {
    mixer::AudioFrame frame;
    const auto said = talker.say(mixer::kTickSamples);
    std::copy(said.begin(), said.end(), frame.samples.begin());
    return frame;
}

void treat(benchmark::State& state, const mixer::VoiceTreatmentSettings& settings) {
    mixer::VoiceTreatment treatment;
    treatment.apply(settings);
    tests::Talker talker({});
    std::vector<mixer::AudioFrame> said;
    for (int i = 0; i < 250; ++i) said.push_back(frame_of(talker));
    std::size_t next = 0;
    const tests::AllocationCounter counter;
    for (auto _ : state) {
        mixer::AudioFrame frame = said[next++ % said.size()];
        treatment.process(frame, true);
        benchmark::DoNotOptimize(frame);
    }
    state.counters["allocations"] = static_cast<double>(counter.count());
}

void high_pass(benchmark::State& state) {
    treat(state, {.high_pass = true});
}
void noise_suppression(benchmark::State& state) {
    treat(state, {.noise_suppression = true});
}
void leveling(benchmark::State& state) {
    treat(state, {.leveling = true});
}
void all_of_it(benchmark::State& state) {
    treat(state, {.high_pass = true, .noise_suppression = true, .leveling = true});
}
BENCHMARK(high_pass);
BENCHMARK(noise_suppression);
BENCHMARK(leveling);
BENCHMARK(all_of_it);

void pitch_search(benchmark::State& state) {
    tests::Talker talker({});
    talker.say(48000);
    const auto said = talker.say(1920);
    for (auto _ : state) {
        benchmark::DoNotOptimize(mixer::find_pitch(said, mixer::kLeastLag, mixer::kMostLag));
    }
}
BENCHMARK(pitch_search);

}  // namespace

BENCHMARK_MAIN();

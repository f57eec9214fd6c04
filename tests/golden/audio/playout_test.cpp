#include <catch2/catch.hpp>
#include <cmath>

#include "tests/golden/audio/playout_simulation.h"

// What a talker's sound goes through between the network and the mix, by numbers. The lines it
// prints are those of docs/performance.md.

using common::AudioCodec;
using common::Duration;
using namespace std::chrono_literals;
using tests::PlayoutSimulation;

namespace {

constexpr std::size_t kSecond = 50;  // ticks

mixer::AudioFormat opus_with_fec() {
    return {.codec = AudioCodec::Opus,
            .bitrate = common::Bitrate::from_kbps(32),
            .inband_fec = true,
            .expected_loss_percent = 10};
}

}  // namespace

TEST_CASE("On a clean link sound waits 20 ms in the mean and nothing is touched") {
    for (const AudioCodec codec : {AudioCodec::Opus, AudioCodec::G722, AudioCodec::Pcma}) {
        PlayoutSimulation simulation({.codec = codec}, {});

        simulation.run(30s);

        simulation.print("clean, codec " + std::to_string(static_cast<int>(codec)));
        CHECK(simulation.most_delay(29 * kSecond) < 32ms);
        CHECK(simulation.concealed_share() == 0);
        CHECK(simulation.playout->counters().removed_samples == 0);
        CHECK(simulation.playout->counters().added_samples == 0);
    }
}

TEST_CASE("The delay follows the jitter, up and down") {
    for (const auto& [jitter, most_delay] :
         {std::pair<Duration, Duration>{10ms, 45ms}, {30ms, 65ms}, {60ms, 95ms}, {100ms, 140ms}}) {
        CAPTURE(jitter.count() / 1'000'000);
        PlayoutSimulation simulation({.codec = AudioCodec::Pcmu}, {.jitter = jitter});

        simulation.run(20s);
        simulation.begin_figures();
        simulation.run(60s);

        simulation.print("jitter " + std::to_string(jitter.count() / 1'000'000) + " ms, PCMU");
        CHECK(simulation.concealed_share() < 0.005);
        CHECK(simulation.mean_delay(60 * kSecond) < most_delay);
    }
}

TEST_CASE("With in-band FEC a lossy, jittery link costs less than 1 % of concealed sound") {
    for (const double loss : {0.01, 0.05, 0.10}) {
        CAPTURE(loss);
        PlayoutSimulation simulation(opus_with_fec(), {.loss = loss, .jitter = 30ms});

        simulation.run(60s);

        simulation.print("loss " + std::to_string(std::lround(loss * 100)) +
                         " %, jitter 30 ms, Opus with FEC");
        CHECK(simulation.concealed_share() < (loss < 0.1 ? 0.01 : 0.025));
        CHECK(simulation.mean_delay(30 * kSecond) < 90ms);
    }
}

TEST_CASE("A sender's clock wrong by 200 ppm for ten minutes makes neither gaps nor delay") {
    for (const double ppm : {-200.0, 200.0}) {
        for (const Duration jitter : {Duration(0), Duration(15ms)}) {
            CAPTURE(ppm, jitter.count());
            PlayoutSimulation simulation({.codec = AudioCodec::Pcmu},
                                         {.jitter = jitter, .clock_ppm = ppm});
            simulation.run(20s);
            const Duration first = simulation.most_delay(10 * kSecond);
            simulation.begin_figures();

            simulation.run(600s);  // 120 ms of drift

            simulation.print("clock " + std::to_string(std::lround(ppm)) + " ppm, jitter " +
                             std::to_string(jitter.count() / 1'000'000) + " ms, 10 min");
            CHECK(simulation.concealed_share() < (jitter.count() == 0 ? 0.0001 : 0.004));
            CHECK(simulation.most_delay(600 * kSecond) < first + 35ms);
            CHECK(simulation.mean_delay(60 * kSecond) < first + 21ms);
            CHECK(simulation.playout->counters().resyncs == 0);
        }
    }
}

TEST_CASE("After a stall the delay is back within two seconds") {
    for (const Duration stall : {Duration(100ms), Duration(180ms), Duration(500ms)}) {
        for (const bool ours : {false, true}) {
            CAPTURE(stall.count() / 1'000'000, ours);
            PlayoutSimulation simulation({.codec = AudioCodec::Opus}, {.jitter = 5ms});
            simulation.run(20s);
            const Duration before = simulation.most_delay(5 * kSecond);

            simulation.begin_figures();
            ours ? simulation.stall_us(stall) : simulation.stall_network(stall);
            simulation.run(4s);

            simulation.print(std::string(ours ? "own" : "network") + " stall of " +
                             std::to_string(stall.count() / 1'000'000) + " ms, 4 s after");
            if (stall == Duration(500ms)) {
                CHECK(simulation.most_delay(2 * kSecond) <= before + 1ms);
            }
            // What a longer delay could have covered counts as jitter for some seconds.
            simulation.run(12s);
            CHECK(simulation.most_delay(kSecond) <= before + 1ms);
        }
    }
}

TEST_CASE("Twenty joins that begin with a burst leave no delay behind") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        PlayoutSimulation simulation({.codec = AudioCodec::Opus}, {.jitter = 3ms, .seed = seed});

        simulation.stall_network(20ms * static_cast<std::int64_t>(seed));
        simulation.run(3s);

        CHECK(simulation.most_delay(kSecond) < 45ms);
    }
}

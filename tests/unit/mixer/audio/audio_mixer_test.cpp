#include "mixer/audio/audio_mixer.h"

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "tests/support/allocation_counter.h"
#include "tests/support/goertzel.h"
#include "tests/support/tone_source.h"

using common::SourceId;
using tests::ToneSource;

namespace {

/// A mixer, its tick, and what everyone and one chosen listener heard.
class Rig {
  public:
    void run(int ticks, std::size_t listener = 0) {
        for (int i = 0; i < ticks; ++i) {
            last = mixer.tick(now += mixer::kAudioTick);
            append(everyone, *last.everyone);
            if (listener < last.mix_for.size()) append(own, *last.mix_for[listener]);
        }
    }
    void add(std::uint64_t id, mixer::AudioSource& source) {
        REQUIRE(mixer.add_source(SourceId{id}, source));
    }
    static std::span<const float> tail(const std::vector<float>& sound, std::size_t ticks) {
        return std::span(sound).last(ticks * mixer::kTickSamples);
    }

    mixer::AudioMixer mixer;
    common::Timestamp now = common::Timestamp::from_ns(1'000'000'000'000);
    mixer::MixedTick last;
    std::vector<float> everyone, own;

  private:
    static void append(std::vector<float>& to, const mixer::AudioFrame& frame) {
        to.insert(to.end(), frame.samples.begin(), frame.samples.end());
    }
};

}  // namespace

TEST_CASE("A listener hears everyone else at their level and not their own voice") {
    Rig rig;
    ToneSource a(300, 0.2), b(500, 0.2), c(700, 0.2);
    rig.add(1, a);
    rig.add(2, b);
    rig.add(3, c);

    rig.run(50);

    const auto own = Rig::tail(rig.own, 20);
    CHECK(tests::tone_amplitude(own, 300) < 1e-5);
    CHECK(tests::tone_amplitude(own, 500) == Approx(0.2).margin(0.001));
    CHECK(tests::tone_amplitude(own, 700) == Approx(0.2).margin(0.001));
    const auto everyone = Rig::tail(rig.everyone, 20);
    CHECK(tests::tone_amplitude(everyone, 300) == Approx(0.2).margin(0.001));
    CHECK(tests::tones_snr_db(everyone, std::array{300.0, 500.0, 700.0}) > 60);
}

TEST_CASE("Who is silent hears the same frame as all who are silent") {
    Rig rig;
    ToneSource talker(300), quiet(400, 0), other_quiet(500, 0.001);
    rig.add(1, talker);
    rig.add(2, quiet);
    rig.add(3, other_quiet);

    rig.run(10);

    CHECK(rig.last.mix_for[0] != rig.last.everyone);
    CHECK(rig.last.mix_for[1] == rig.last.everyone);
    CHECK(rig.last.mix_for[2] == rig.last.everyone);
    CHECK(rig.last.levels[0].heard);
    CHECK_FALSE(rig.last.levels[2].heard);
    CHECK(tests::tone_amplitude(Rig::tail(rig.everyone, 5), 500) < 1e-6);
}

TEST_CASE("Who falls silent joins the shared mix again within a second, and unheard") {
    Rig rig;
    ToneSource a(300, 0.1), b(500, 0.1);
    rig.add(1, a);
    rig.add(2, b);
    rig.run(50);

    a.set_amplitude(0.0005);
    rig.run(50);

    CHECK_FALSE(rig.last.levels[0].heard);
    CHECK(rig.last.mix_for[0] == rig.last.everyone);
    CHECK(tests::loudest_click_dbfs(rig.own, 3000) < -60);
}

TEST_CASE("A mix-minus of one voice alone is digital silence") {
    Rig rig;
    ToneSource alone(300, 0.9);
    rig.add(1, alone);

    rig.run(20);

    CHECK(tests::peak(rig.own) == 0);
}

TEST_CASE("Eight talkers at full scale never exceed it") {
    Rig rig;
    std::vector<std::unique_ptr<ToneSource>> talkers;
    for (std::uint64_t i = 0; i < 8; ++i) {
        talkers.push_back(std::make_unique<ToneSource>(200.0 + 10.0 * static_cast<double>(i), 1));
        rig.add(i + 1, *talkers.back());
    }

    rig.run(200);

    CHECK(tests::peak(rig.everyone) < 1);
    CHECK(tests::peak(rig.own) < 1);
    CHECK(tests::rms_dbfs(Rig::tail(rig.everyone, 100)) > -15);
}

TEST_CASE("Nobody's arrival, departure, mute or sudden end makes a jump") {
    Rig rig;
    ToneSource hum(250, 0.1), other(310, 0.1);
    rig.add(1, hum);
    rig.run(30);

    rig.add(2, other);
    rig.run(30);
    rig.mixer.set_muted(SourceId{2}, true);
    rig.run(30);
    rig.mixer.set_muted(SourceId{2}, false);
    rig.run(30);
    other.set_amplitude(0);  // from one tick to the next, and at no zero crossing
    rig.run(30);
    other.set_amplitude(0.1);
    rig.run(30);
    rig.mixer.remove_source(SourceId{2});
    rig.run(30);

    CHECK(tests::loudest_click_dbfs(rig.everyone, 3000) < -60);
    CHECK(tests::loudest_click_dbfs(rig.own, 3000) < -60);
    CHECK(tests::tone_amplitude(Rig::tail(rig.everyone, 10), 310) < 1e-4);
}

TEST_CASE("A muted source is pulled, is not heard, and never speaks") {
    Rig rig;
    ToneSource muted(300), other(500);
    rig.add(1, muted);
    rig.add(2, other);
    rig.mixer.set_muted(SourceId{1}, true);

    rig.run(50, 1);

    CHECK(muted.pulls() == 50);
    CHECK(tests::peak(rig.own) == 0);
    CHECK_FALSE(rig.last.levels[0].voice);
    CHECK_FALSE(rig.last.levels[0].heard);
    CHECK(rig.last.levels[1].voice);
}

TEST_CASE("The level of a full-scale sine is -3 dBFS") {
    Rig rig;
    ToneSource tone(1000, 1);
    rig.add(7, tone);

    rig.run(2);

    CHECK(rig.last.levels[0].source == SourceId{7});
    CHECK(rig.last.levels[0].level_dbfs == Approx(-3.01).margin(0.05));
}

TEST_CASE("A mixer refuses a source too many, and one that is there, and forgets who left") {
    mixer::AudioMixer mixer(2);
    ToneSource a(300), b(400), c(500);
    REQUIRE(mixer.add_source(SourceId{1}, a));

    const auto again = mixer.add_source(SourceId{1}, b);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == common::ErrorCode::AlreadyExists);
    REQUIRE(mixer.add_source(SourceId{2}, b));
    const auto full = mixer.add_source(SourceId{3}, c);
    REQUIRE_FALSE(full);
    CHECK(full.error().code == common::ErrorCode::LimitReached);
    mixer.remove_source(SourceId{1});
    CHECK(mixer.add_source(SourceId{3}, c));
    mixer.remove_source(SourceId{99});
}

TEST_CASE("A removed source is never pulled again") {
    Rig rig;
    auto gone = std::make_unique<ToneSource>(300);
    ToneSource stays(400);
    rig.add(1, *gone);
    rig.add(2, stays);
    rig.run(5);

    rig.mixer.remove_source(SourceId{1});
    gone.reset();
    rig.run(20);

    CHECK(rig.last.levels.size() == 1);
    CHECK(tests::tone_amplitude(Rig::tail(rig.everyone, 10), 300) < 1e-4);
}

TEST_CASE("Mixing 50 sources allocates nothing") {
    Rig rig;
    std::vector<std::unique_ptr<ToneSource>> sources;
    for (std::uint64_t i = 0; i < 50; ++i) {
        sources.push_back(std::make_unique<ToneSource>(300, i % 5 == 0 ? 0.1 : 0.0));
        rig.add(i + 1, *sources.back());
    }
    std::uint64_t allocations = 0;

    for (std::size_t i = 0; i < 200; ++i) {
        sources[i % 50]->set_amplitude(i % 3 == 0 ? 0.1 : 0);
        if (i % 40 == 0) rig.mixer.remove_source(SourceId{i / 40 + 1});
        tests::AllocationCounter counter;
        rig.mixer.tick(rig.now += mixer::kAudioTick);
        allocations += counter.count();
    }

    CHECK(allocations == 0);
}

TEST_CASE("Sources come and go while the tick runs, and are destroyed right after they left") {
    mixer::AudioMixer mixer;
    ToneSource always(300);
    REQUIRE(mixer.add_source(SourceId{1}, always));
    std::atomic<bool> done{false};
    std::thread tick([&] {
        auto now = common::Timestamp::from_ns(0);
        while (!done) {
            const auto mixed = mixer.tick(now += mixer::kAudioTick);
            float sum = 0;
            for (const auto* mix : mixed.mix_for) sum += mix->samples[0];
            if (sum > 1e9F) std::terminate();
        }
    });

    while (always.pulls() == 0) std::this_thread::yield();
    for (std::uint64_t i = 0; i < 300; ++i) {
        auto source = std::make_unique<ToneSource>(400);
        REQUIRE(mixer.add_source(SourceId{i + 2}, *source));
        mixer.set_muted(SourceId{i + 2}, i % 2 == 0);
        mixer.remove_source(SourceId{i + 2});
        source.reset();
    }
    done = true;
    tick.join();

    CHECK(always.pulls() > 0);
}

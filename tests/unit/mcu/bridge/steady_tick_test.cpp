#include <array>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "mcu/bridge/bridge_audio.h"
#include "mcu/bridge/tick_thread.h"
#include "mcu/session/audio_outbox.h"
#include "mcu/transport/net_thread.h"
#include "mixer/audio/audio_playout.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/lock_counter.h"
#include "tests/support/talker.h"

// A tick in full, from the tick thread's list of clients to the wake-up of the net thread, while
// the threads around it do their work: it takes no lock at all, so that nobody can keep it waiting.

namespace {

using common::SourceId;

constexpr std::size_t kPeople = 12;
constexpr int kTicks = 400;

struct Person {
    Person(mcu::NetThread& net_thread, std::uint64_t seed, bool talks_in)
        : net(net_thread),
          talks(talks_in),
          talker({.seed = seed}),
          hiss(-60, seed),
          encoder(*mixer::make_audio_encoder({})),
          playout(*mixer::AudioPlayout::create({}, std::array{common::AudioCodec::Opus})) {
        net.call([&] {
            wakeup = std::make_unique<mcu::Wakeup>(net, [&] {
                outbox->take(
                    [&](const mcu::OutgoingAudio& frame) { sent += frame.payload.size(); });
            });
            outbox = std::make_unique<mcu::AudioOutbox>(*wakeup);
        });
    }
    ~Person() {
        net.call([&] { wakeup.reset(); });
    }
    /// The net thread's part of a tick of 20 ms.
    void speak(common::Timestamp arrival) {
        const auto sound = talks ? talker.say(mixer::kTickSamples) : hiss.make(mixer::kTickSamples);
        const std::size_t size = encoder->encode(sound, bytes);
        playout->push({.codec = common::AudioCodec::Opus,
                       .sequence = sequence,
                       .rtp_time = sequence * 960U,
                       .arrival = arrival,
                       .payload = std::span(bytes).first(size)});
        ++sequence;
    }

    mcu::NetThread& net;
    const bool talks;
    tests::Talker talker;
    tests::Hiss hiss;
    std::unique_ptr<mixer::AudioEncoder> encoder;
    std::unique_ptr<mixer::AudioPlayout> playout;
    std::unique_ptr<mcu::Wakeup> wakeup;
    std::unique_ptr<mcu::AudioOutbox> outbox;
    std::array<std::uint8_t, 1275> bytes{};
    std::uint16_t sequence = 0;
    std::size_t sent = 0;
};

}  // namespace

TEST_CASE("A steady audio tick allocates nothing and takes no lock") {
    const common::MonotonicClock clock;
    mcu::NetThread net("net-test", clock);
    std::vector<std::unique_ptr<Person>> people;
    mcu::BridgeAudio bridge;
    for (std::uint64_t i = 0; i < kPeople; ++i) {
        people.push_back(std::make_unique<Person>(net, i + 1, i < 3));
        REQUIRE(bridge.mixer().add_source(SourceId{i + 1}, *people.back()->playout));
        REQUIRE(bridge.encoders().add_listener(SourceId{i + 1}, {}, *people.back()->outbox));
    }
    mcu::TickThread ticks("audio", 50, clock);
    ticks.add(bridge);

    std::uint64_t allocations = 0, taken = 0, waits = 0;
    mcu::SpeakerSnapshot speakers;
    for (std::uint64_t index = 1; index <= kTicks; ++index) {
        net.call([&] {
            for (const auto& person : people) {
                person->speak(ticks.time_of(index) - std::chrono::milliseconds(12));
            }
        });
        // Meanwhile others post to the net thread and are added to the tick's list and removed.
        std::jthread control([&] {
            (void)net.post([] {});
            (void)bridge.speakers();
        });
        const tests::AllocationCounter allocated;
        const tests::LockCounter locks;
        ticks.run_tick(index);
        if (index < 100) continue;  // until everybody has his place
        allocations += allocated.count();
        taken += locks.taken();
        waits += locks.waits();
    }
    // Read on the net thread: what the last tick woke may still be going out.
    std::size_t heard = 0;
    net.call([&] {
        for (const auto& person : people) heard += person->sent > 0 ? 1 : 0;
    });

    CHECK(allocations == 0);
    CHECK(taken == 0);
    CHECK(waits == 0);
    CHECK(bridge.take_speaker_change(speakers));
    CHECK_FALSE(speakers.ranked.empty());
    CHECK(heard == kPeople);
    ticks.remove(bridge);
    for (std::uint64_t i = 0; i < kPeople; ++i) {
        bridge.encoders().remove_listener(SourceId{i + 1});
        bridge.mixer().remove_source(SourceId{i + 1});
    }
}

TEST_CASE("The counter of locks sees a lock, and a wait for one") {
    if (!tests::LockCounter::counts()) return;
    std::mutex mutex;
    const tests::LockCounter locks;

    { const std::lock_guard lock(mutex); }
    CHECK(locks.taken() == 1);
    CHECK(locks.waits() == 0);

    std::condition_variable condition;
    std::unique_lock lock(mutex);
    (void)condition.wait_for(lock, std::chrono::microseconds(1));
    CHECK(locks.waits() == 1);
}

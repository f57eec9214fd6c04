#include "mcu/session/audio_outbox.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/support/allocation_counter.h"
#include "tests/support/fake_clock.h"

using mcu::AudioOutbox;
using mcu::NetThread;
using mcu::OutgoingAudio;
using mcu::Wakeup;
using Bytes = std::vector<std::uint8_t>;

namespace {

struct Taken {
    Bytes payload;
    bool talk_spurt_start;
};

std::vector<Taken> take(AudioOutbox& box) {
    std::vector<Taken> all;
    box.take([&](const OutgoingAudio& frame) {
        all.push_back({Bytes(frame.payload.begin(), frame.payload.end()), frame.talk_spurt_start});
    });
    return all;
}

struct Fixture {
    tests::FakeClock clock;
    NetThread net{"net", clock, NetThread::Runs::WhenTold};
    int wakes = 0;
    Wakeup wakeup{net, [this] { ++wakes; }};
    AudioOutbox box{wakeup};
};

}  // namespace

TEST_CASE("The audio tick hands a frame over without an allocation, and the net thread wakes") {
    Fixture f;
    const Bytes payload{1, 2, 3};

    tests::AllocationCounter allocations;
    f.box.on_audio(payload, f.clock.now());
    CHECK(allocations.count() == 0);
    f.net.run_ready();

    CHECK(f.wakes == 1);
    const std::vector<Taken> taken = take(f.box);
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].payload == payload);
}

TEST_CASE("The first frame and the first after a tick of DTX start a talk spurt") {
    Fixture f;
    for (const Bytes& payload : {Bytes{1}, Bytes{2}, Bytes{}, Bytes{}, Bytes{3}, Bytes{4}}) {
        f.box.on_audio(payload, f.clock.now());
    }

    const std::vector<Taken> taken = take(f.box);

    REQUIRE(taken.size() == 4);
    CHECK(taken[0].talk_spurt_start);
    CHECK_FALSE(taken[1].talk_spurt_start);
    CHECK(taken[2].talk_spurt_start);
    CHECK_FALSE(taken[3].talk_spurt_start);
}

TEST_CASE("When the net thread is far behind the newest frame goes and is counted") {
    Fixture f;
    for (std::size_t i = 0; i < AudioOutbox::kSlots + 2; ++i) {
        f.box.on_audio(Bytes{static_cast<std::uint8_t>(i)}, f.clock.now());
    }

    const std::vector<Taken> taken = take(f.box);

    CHECK(f.box.dropped() == 2);
    REQUIRE(taken.size() == AudioOutbox::kSlots);
    CHECK(taken.back().payload == Bytes{AudioOutbox::kSlots - 1});
}

TEST_CASE("Frames cross threads whole and in order") {
    const common::MonotonicClock clock;
    NetThread net("net", clock);
    std::unique_ptr<Wakeup> wakeup;
    std::unique_ptr<AudioOutbox> box;
    std::atomic<int> taken{0};
    bool in_order = true;  // net thread's until the end
    net.call([&] {
        wakeup = std::make_unique<Wakeup>(net, [&] {
            box->take([&](const OutgoingAudio& frame) {
                const int expected = taken.load() & 0xff;
                for (const std::uint8_t byte : frame.payload) in_order &= byte == expected;
                ++taken;
            });
        });
        box = std::make_unique<AudioOutbox>(*wakeup);
    });

    const common::Timestamp deadline = clock.now() + std::chrono::seconds(10);
    for (int i = 0; i < 1000; ++i) {
        box->on_audio(Bytes(100, static_cast<std::uint8_t>(i)), clock.now());
        while (taken.load() < i - 3 && clock.now() < deadline) std::this_thread::yield();
    }
    while (taken.load() < 1000 && clock.now() < deadline) std::this_thread::yield();
    net.call([&] { wakeup.reset(); });

    CHECK(taken == 1000);
    CHECK(in_order);
    CHECK(box->dropped() == 0);
}

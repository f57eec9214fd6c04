#include "mcu/bridge/tick_thread.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <utility>
#include <vector>

#include "tests/support/fake_clock.h"

using common::Duration;
using common::Timestamp;
using mcu::TickClient;
using mcu::TickThread;
using tests::FakeClock;

namespace {

class Recorder final : public TickClient {
  public:
    std::vector<Timestamp> times;
    std::function<void()> during;
    void tick(Timestamp now, std::uint64_t /*index*/) override {
        times.push_back(now);
        if (during) during();
    }
};

}  // namespace

TEST_CASE("A grid of 30 ticks a second has not drifted after an hour") {
    const FakeClock clock;
    const TickThread ticks("t", 30, clock);

    CHECK(ticks.time_of(30 * 3600) - ticks.time_of(0) == std::chrono::hours(1));
    CHECK(ticks.time_of(1) - ticks.time_of(0) == Duration(33'333'333));
}

TEST_CASE("Every client ticks with the tick's own time") {
    const FakeClock clock;
    TickThread ticks("t", 50, clock);
    Recorder first;
    Recorder second;
    ticks.add(first);
    ticks.add(second);

    ticks.run_tick(1);

    CHECK(first.times == std::vector{clock.now() + std::chrono::milliseconds(20)});
    CHECK(second.times == first.times);
}

TEST_CASE("A removed client ticks no more") {
    const FakeClock clock;
    TickThread ticks("t", 50, clock);
    Recorder gone;
    Recorder stays;
    ticks.add(gone);
    ticks.add(stays);
    ticks.run_tick(1);

    ticks.remove(gone);
    ticks.run_tick(2);

    CHECK(gone.times.size() == 1);
    CHECK(stays.times.size() == 2);
}

TEST_CASE("Removing a client waits for its tick under way") {
    const common::MonotonicClock clock;
    TickThread ticks("t", 1000, clock);
    Recorder client;
    std::promise<void> entered;
    std::promise<void> leave;
    std::shared_future<void> may_leave = leave.get_future().share();
    bool told = false;
    client.during = [&] {
        if (!told) entered.set_value();
        told = true;
        may_leave.wait();
    };
    ticks.add(client);
    ticks.start(TickThread::Priority::Normal);
    entered.get_future().wait();

    auto removed = std::async(std::launch::async, [&] { ticks.remove(client); });
    const bool waited =
        removed.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout;
    leave.set_value();
    removed.wait();
    const std::size_t count = client.times.size();
    ticks.stop();

    CHECK(waited);
    CHECK(client.times.size() == count);
}

TEST_CASE("A client removed in the middle of a tick costs nobody else that tick") {
    const FakeClock clock;
    TickThread ticks("t", 50, clock);
    Recorder gone;
    Recorder busy;
    Recorder behind;
    ticks.add(gone);
    ticks.add(busy);
    ticks.add(behind);
    busy.during = [&] { ticks.remove(gone); };

    ticks.run_tick(1);
    busy.during = nullptr;
    ticks.run_tick(2);

    CHECK(behind.times.size() == 2);
    CHECK(busy.times.size() == 2);
    CHECK(gone.times.size() == 1);
}

TEST_CASE("A client may be added while others tick") {
    const FakeClock clock;
    TickThread ticks("t", 50, clock);
    Recorder late;
    Recorder first;
    first.during = [&] { ticks.add(late); };
    ticks.add(first);

    ticks.run_tick(1);

    CHECK(late.times.size() == 1);
}

TEST_CASE("Ticks missed in a stall are skipped and counted, not caught up") {
    const common::MonotonicClock clock;
    TickThread ticks("t", 1000, clock);
    Recorder client;
    std::promise<void> stalled;
    client.during = [&] {
        // The stall itself: a client that takes ten ticks' time, once.
        if (client.times.size() != 1) return;
        while (clock.now() - client.times.front() < std::chrono::milliseconds(10)) {
        }
        stalled.set_value();
    };
    ticks.add(client);
    ticks.start(TickThread::Priority::Normal);
    stalled.get_future().wait();
    const Timestamp deadline = clock.now() + std::chrono::seconds(5);
    while (ticks.skipped_ticks() < 8 && clock.now() < deadline) std::this_thread::yield();
    ticks.stop();

    CHECK(ticks.skipped_ticks() >= 8);
    REQUIRE(client.times.size() >= 2);
    CHECK(client.times[1] - client.times[0] >= std::chrono::milliseconds(9));
}

TEST_CASE("A client is told how long after the tick's time it was done") {
    FakeClock clock;
    TickThread ticks("t", 50, clock);
    class Slow final : public TickClient {
      public:
        explicit Slow(FakeClock& clock) : clock_(clock) {}
        void tick(Timestamp /*now*/, std::uint64_t /*index*/) override {
            clock_.advance(std::chrono::milliseconds(7));
        }
        void done(Duration after_due) override { told.push_back(after_due); }
        std::vector<Duration> told;

      private:
        FakeClock& clock_;
    };
    Slow first(clock), second(clock);
    ticks.add(first);
    ticks.add(second);
    clock.advance(std::chrono::milliseconds(20 + 2));  // its thread woke 2 ms late

    ticks.run_tick(1);

    CHECK(first.told == std::vector<Duration>{std::chrono::milliseconds(9)});
    CHECK(second.told == std::vector<Duration>{std::chrono::milliseconds(16)});
}

namespace {

/// Wants some slots, and remembers when each came.
class Slotted final : public TickClient {
  public:
    explicit Slotted(std::uint32_t slots) : wanted(slots) {}
    std::uint32_t wanted;
    std::vector<std::pair<int, Timestamp>> seen;
    std::vector<std::uint64_t> indices;
    void tick(Timestamp now, std::uint64_t index) override { note(0, now, index); }
    void slot(Timestamp now, std::uint64_t index, int slot) override { note(slot, now, index); }
    [[nodiscard]] std::uint32_t slots() const override { return wanted; }

  private:
    void note(int slot, Timestamp now, std::uint64_t index) {
        seen.emplace_back(slot, now);
        indices.push_back(index);
    }
};

}  // namespace

TEST_CASE("A tick comes to its clients in the slots that they want, each at its own time") {
    const FakeClock clock;
    TickThread ticks("t", 50, clock, 4);  // 20 ms: a slot is 5
    Slotted two(1U << 1 | 1U << 3);
    Slotted none(0);
    ticks.add(two);
    ticks.add(none);

    ticks.run_tick(1);

    const Timestamp tick = clock.now() + std::chrono::milliseconds(20);
    CHECK(two.seen ==
          std::vector<std::pair<int, Timestamp>>{{0, tick},
                                                 {1, tick + std::chrono::milliseconds(5)},
                                                 {3, tick + std::chrono::milliseconds(15)}});
    CHECK(two.indices == std::vector<std::uint64_t>{1, 1, 1});
    CHECK(none.seen == std::vector<std::pair<int, Timestamp>>{{0, tick}});
}

TEST_CASE("A slot comes at the same interval from tick to tick, and does not drift in an hour") {
    const FakeClock clock;
    const TickThread ticks("t", 30, clock, 16);

    CHECK(ticks.time_of(30 * 3600, 5) - ticks.time_of(0, 5) == std::chrono::hours(1));
    CHECK(ticks.time_of(31, 5) - ticks.time_of(1, 5) == std::chrono::seconds(1));
    CHECK(ticks.time_of(2, 0) > ticks.time_of(1, 15));
}

TEST_CASE(
    "A slot that is no longer wanted is slept through, and a new one comes in the same tick") {
    const FakeClock clock;
    TickThread ticks("t", 50, clock, 4);
    Slotted client(1U << 1);
    ticks.add(client);
    ticks.run_tick(1);
    client.seen.clear();

    client.wanted = 1U << 2;  // as told after slot 0 of the next
    ticks.run_tick(2);

    REQUIRE(client.seen.size() == 2);
    CHECK(client.seen[1].first == 2);
}

TEST_CASE("Slots missed in a stall are counted as ticks, however many slots there are") {
    const common::MonotonicClock clock;
    TickThread ticks("t", 1000, clock, 4);
    std::promise<void> stalled;
    class Staller final : public TickClient {
      public:
        Staller(const common::Clock& clock, std::promise<void>& stalled)
            : clock_(clock), stalled_(stalled) {}
        void tick(Timestamp, std::uint64_t) override {}
        void slot(Timestamp now, std::uint64_t index, int slot) override {
            points.push_back(index * 4 + static_cast<std::uint64_t>(slot));
            if (std::exchange(told_, true)) return;
            while (clock_.now() - now < std::chrono::milliseconds(50)) {
            }
            stalled_.set_value();
        }
        [[nodiscard]] std::uint32_t slots() const override { return 1U << 1 | 1U << 2 | 1U << 3; }
        std::vector<std::uint64_t> points;

      private:
        const common::Clock& clock_;
        std::promise<void>& stalled_;
        bool told_ = false;
    } client(clock, stalled);
    ticks.add(client);
    ticks.start(TickThread::Priority::Normal);
    stalled.get_future().wait();
    const Timestamp deadline = clock.now() + std::chrono::seconds(5);
    while (ticks.skipped_ticks() < 48 && clock.now() < deadline) std::this_thread::yield();
    ticks.stop();

    CHECK(ticks.skipped_ticks() >= 48);
    CHECK(std::ranges::is_sorted(client.points));
    CHECK(std::ranges::adjacent_find(client.points) == client.points.end());
}

#include "mcu/bridge/tick_thread.h"

#include <catch2/catch.hpp>
#include <functional>
#include <future>
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

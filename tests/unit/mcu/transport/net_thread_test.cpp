#include "mcu/transport/net_thread.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "tests/support/allocation_counter.h"
#include "tests/support/fake_clock.h"

using mcu::NetThread;
using mcu::Timer;
using mcu::Wakeup;
using namespace std::chrono_literals;

namespace {

struct Pipe final : mcu::FdHandler {
    Pipe() { REQUIRE(pipe(ends.data()) == 0); }
    ~Pipe() override {
        close(ends[0]);
        close(ends[1]);
    }
    void on_readable() override {
        char byte = 0;
        REQUIRE(read(ends[0], &byte, 1) == 1);
        ++reads;
        if (then) then();
    }
    void put() const { REQUIRE(write(ends[1], "x", 1) == 1); }
    std::array<int, 2> ends{};
    int reads = 0;
    std::function<void()> then;
};

}  // namespace

TEST_CASE("Posts run in order on the net thread, and a call waits for its own") {
    const common::MonotonicClock clock;
    NetThread net("net", clock);
    std::vector<int> order;
    bool on_net_thread = false;

    CHECK(net.post([&] { order.push_back(1); }));
    CHECK(net.post([&] { order.push_back(2); }));
    net.call([&] {
        on_net_thread = net.is_current();
        net.call([&] { order.push_back(3); });
    });

    CHECK(order == std::vector<int>{1, 2, 3});
    CHECK(on_net_thread);
    CHECK_FALSE(net.is_current());
}

TEST_CASE("A net thread finishes what was posted before it ends") {
    const common::MonotonicClock clock;
    int ran = 0;
    {
        NetThread net("net", clock);
        for (int i = 0; i < 100; ++i) CHECK(net.post([&] { ++ran; }));
    }
    CHECK(ran == 100);
}

TEST_CASE("A post beyond the bound is refused") {
    const tests::FakeClock clock;
    NetThread net("net", clock, NetThread::Runs::WhenTold);
    std::size_t ran = 0;
    for (std::size_t i = 0; i < NetThread::kMaxPosts; ++i) CHECK(net.post([&] { ++ran; }));

    CHECK_FALSE(net.post([&] { ++ran; }));
    net.run_ready();

    CHECK(ran == NetThread::kMaxPosts);
    CHECK(net.post([] {}));
}

TEST_CASE("Calls from many threads all run") {
    const common::MonotonicClock clock;
    NetThread net("net", clock);
    int ran = 0;  // touched on the net thread alone
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 250; ++i) net.call([&] { ++ran; });
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(ran == 1000);
}

TEST_CASE("Timers run in order of their times, and not before") {
    tests::FakeClock clock;
    NetThread net("net", clock, NetThread::Runs::WhenTold);
    std::vector<int> order;
    Timer late(net, [&] { order.push_back(2); });
    Timer early(net, [&] { order.push_back(1); });
    Timer stopped(net, [&] { order.push_back(3); });
    late.start_at(clock.now() + 20ms);
    early.start_at(clock.now() + 10ms);
    stopped.start_at(clock.now() + 5ms);
    stopped.stop();

    net.run_ready();
    CHECK(order.empty());
    clock.advance(9ms);
    net.run_ready();
    CHECK(order.empty());
    clock.advance(30ms);
    net.run_ready();

    CHECK(order == std::vector<int>{1, 2});
    CHECK_FALSE(early.running());
}

TEST_CASE("A timer may restart itself, and a callback may stop another") {
    tests::FakeClock clock;
    NetThread net("net", clock, NetThread::Runs::WhenTold);
    int ran = 0;
    Timer* self = nullptr;
    Timer again(net, [&] {
        if (++ran < 3) self->start_at(clock.now() + 1ms);
    });
    self = &again;
    Timer victim(net, [&] { ran += 100; });
    Timer killer(net, [&] { victim.stop(); });
    again.start_at(clock.now() + 1ms);
    killer.start_at(clock.now() + 1ms);
    victim.start_at(clock.now() + 1ms);

    for (int i = 0; i < 10; ++i) {
        clock.advance(1ms);
        net.run_ready();
    }

    CHECK(ran == 3);
}

TEST_CASE("A timer fires on a thread of its own in real time") {
    const common::MonotonicClock clock;
    NetThread net("net", clock);
    std::atomic<std::int64_t> fired_ns{0};
    std::unique_ptr<Timer> timer;
    common::Timestamp due;
    net.call([&] {
        timer = std::make_unique<Timer>(net, [&] { fired_ns = clock.now().ns(); });
        due = clock.now() + 2ms;
        timer->start_at(due);
    });
    const common::Timestamp deadline = clock.now() + 5s;
    while (fired_ns == 0 && clock.now() < deadline) std::this_thread::yield();
    net.call([&] { timer.reset(); });

    CHECK(fired_ns >= due.ns());
}

TEST_CASE("Notifications before the callback are one, and notifying allocates nothing") {
    const tests::FakeClock clock;
    NetThread net("net", clock, NetThread::Runs::WhenTold);
    int woken = 0;
    Wakeup wakeup(net, [&] { ++woken; });

    tests::AllocationCounter allocations;
    wakeup.notify();
    wakeup.notify();
    CHECK(allocations.count() == 0);
    net.run_ready();
    CHECK(woken == 1);
    wakeup.notify();
    net.run_ready();

    CHECK(woken == 2);
}

TEST_CASE("A wakeup destroyed while notified, even by another's callback, is not called") {
    const tests::FakeClock clock;
    NetThread net("net", clock, NetThread::Runs::WhenTold);
    int woken = 0;
    auto first = std::make_unique<Wakeup>(net, [&] { ++woken; });
    std::unique_ptr<Wakeup> third;
    Wakeup second(net, [&] { third.reset(); });
    third = std::make_unique<Wakeup>(net, [&] { ++woken; });
    Wakeup fourth(net, [&] { woken += 10; });
    first->notify();
    second.notify();
    third->notify();
    fourth.notify();
    first.reset();

    net.run_ready();

    CHECK(woken == 10);
}

TEST_CASE("A watched descriptor is read until it is unwatched") {
    const tests::FakeClock clock;
    NetThread net("net", clock, NetThread::Runs::WhenTold);
    Pipe pipe;
    net.watch(pipe.ends[0], pipe);
    pipe.put();
    pipe.put();

    net.run_ready();
    CHECK(pipe.reads == 2);
    net.unwatch(pipe.ends[0]);
    pipe.put();
    net.run_ready();

    CHECK(pipe.reads == 2);
}

TEST_CASE("A descriptor unwatched by another's callback in the same batch is left alone") {
    const tests::FakeClock clock;
    NetThread net("net", clock, NetThread::Runs::WhenTold);
    Pipe a;
    Pipe b;
    a.then = [&] { net.unwatch(b.ends[0]); };
    b.then = [&] { net.unwatch(a.ends[0]); };
    net.watch(a.ends[0], a);
    net.watch(b.ends[0], b);
    a.put();
    b.put();

    net.run_ready();

    CHECK(a.reads + b.reads == 1);
}

TEST_CASE("What comes one by one is served after a rest") {
    const common::MonotonicClock clock;
    NetThread net("test", clock);
    std::vector<std::chrono::steady_clock::time_point> served;

    for (int i = 0; i < 20; ++i) {
        std::promise<void> done;
        REQUIRE(net.post([&] {
            served.push_back(std::chrono::steady_clock::now());
            done.set_value();
        }));
        done.get_future().wait();
    }

    // 19 rests; a wake begins a little before its task runs.
    CHECK(served.back() - served.front() > 18 * NetThread::kLeastBetweenWakes);
}

TEST_CASE("A call waits for no rest") {
    const common::MonotonicClock clock;
    NetThread net("test", clock);
    std::vector<std::chrono::steady_clock::time_point> served;

    for (int i = 0; i < 50; ++i)
        net.call([&] { served.push_back(std::chrono::steady_clock::now()); });

    auto soonest = std::chrono::steady_clock::duration::max();
    for (std::size_t i = 1; i < served.size(); ++i)
        soonest = std::min(soonest, served[i] - served[i - 1]);
    CHECK(soonest < NetThread::kLeastBetweenWakes / 2);
}

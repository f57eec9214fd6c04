#include "signaling/sip/loop_timers.h"

#include <glib.h>

#include <catch2/catch.hpp>
#include <string>

using signaling::LoopTimers;
using namespace std::chrono_literals;

namespace {

void turn_until(const bool& done) {
    while (!done) g_main_context_iteration(nullptr, TRUE);
}

}  // namespace

TEST_CASE("Timers run from the loop, in the order of their times") {
    LoopTimers timers;
    std::string order;
    bool done = false;
    timers.after(5ms, [&] {
        order += 'b';
        done = true;
    });
    timers.after(0ms, [&] { order += 'a'; });
    CHECK(order.empty());

    turn_until(done);

    CHECK(order == "ab");
}

TEST_CASE("Timers that have not run are forgotten with their owner") {
    bool ran = false;
    bool done = false;
    {
        LoopTimers gone;
        gone.after(0ms, [&] { ran = true; });
    }
    LoopTimers timers;
    timers.after(1ms, [&] { done = true; });

    turn_until(done);

    CHECK_FALSE(ran);
}

TEST_CASE("A timer may take its owner away") {
    auto timers = std::make_unique<LoopTimers>();
    bool done = false;
    timers->after(10s, [] {});
    timers->after(0ms, [&] {
        timers.reset();
        done = true;
    });

    turn_until(done);

    CHECK(timers == nullptr);
}

TEST_CASE("A timer that is cancelled does not run, and is gone at once") {
    LoopTimers timers;
    bool ran = false;
    bool done = false;
    const LoopTimers::Id first = timers.after(0ms, [&] { ran = true; });
    timers.after(1ms, [&] { done = true; });
    timers.cancel(first);
    timers.cancel(first);
    CHECK(timers.waiting() == 1);

    turn_until(done);

    CHECK_FALSE(ran);
    CHECK(timers.waiting() == 0);
}

TEST_CASE("A time beyond what the loop can count is long, not short") {
    LoopTimers timers;
    bool ran = false;
    bool done = false;
    timers.after(std::chrono::seconds(4'294'968), [&] { ran = true; });  // 2^32 ms and a little
    timers.after(1ms, [&] { done = true; });

    turn_until(done);

    CHECK_FALSE(ran);
}

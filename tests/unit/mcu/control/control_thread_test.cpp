#include "mcu/control/control_thread.h"

#include <catch2/catch.hpp>
#include <future>
#include <vector>

using mcu::ControlThread;

TEST_CASE("Tasks run in order, on one thread") {
    const common::MonotonicClock clock;
    ControlThread control(clock);
    std::vector<int> order;
    std::vector<std::thread::id> threads;
    control.start();

    for (int i = 0; i < 3; ++i) {
        CHECK(control.post([&, i] {
            order.push_back(i);
            threads.push_back(std::this_thread::get_id());
        }));
    }
    control.stop();

    CHECK(order == std::vector{0, 1, 2});
    CHECK(threads == std::vector(3, threads.front()));
}

TEST_CASE("A stopped control thread says that a task will not run") {
    const common::MonotonicClock clock;
    ControlThread control(clock);
    control.start();
    control.stop();

    CHECK_FALSE(control.post([] {}));
    CHECK(control.dropped() == 1);
}

TEST_CASE("More tasks than the bound are refused, not kept") {
    const common::MonotonicClock clock;
    ControlThread control(clock);  // not started: nothing drains it

    int accepted = 0;
    for (int i = 0; i < 5000; ++i) accepted += control.post([] {}) ? 1 : 0;

    CHECK(accepted == 4096);
    CHECK(control.dropped() == 5000 - 4096);
}

TEST_CASE("The last task runs after all others, even when no more are taken") {
    const common::MonotonicClock clock;
    ControlThread control(clock);
    std::vector<int> order;
    while (control.post([&] { order.push_back(1); })) {
    }
    control.start();

    control.stop([&] { order.push_back(2); });

    REQUIRE(order.size() == 4097);
    CHECK(order.back() == 2);
}

TEST_CASE("A timer comes round again") {
    const common::MonotonicClock clock;
    ControlThread control(clock);
    std::promise<void> third;
    int count = 0;
    control.every(std::chrono::milliseconds(1), [&](common::Timestamp) {
        if (++count == 3) third.set_value();
    });
    control.start();

    const auto came = third.get_future().wait_for(std::chrono::seconds(10));
    control.stop();

    CHECK(came == std::future_status::ready);
}

#include "common/spsc_queue.h"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>

TEST_CASE("A queue gives back what was put in, in order, and drops what does not fit") {
    common::SpscQueue<std::unique_ptr<int>, 3> queue;
    CHECK_FALSE(queue.pop());
    for (int i = 0; i < 3; ++i) CHECK(queue.push(std::make_unique<int>(i)));
    CHECK_FALSE(queue.push(std::make_unique<int>(3)));
    CHECK(queue.dropped() == 1);

    for (int i = 0; i < 3; ++i) CHECK(**queue.pop() == i);
    CHECK_FALSE(queue.pop());
    CHECK(queue.push(std::make_unique<int>(4)));
    CHECK(**queue.pop() == 4);
}

TEST_CASE("What was popped is held by the queue no more") {
    common::SpscQueue<std::shared_ptr<int>, 2> queue;
    const auto value = std::make_shared<int>(1);
    queue.push(value);
    CHECK(value.use_count() == 2);
    (void)queue.pop();
    CHECK(value.use_count() == 1);
}

TEST_CASE("Between two threads nothing is lost, doubled or out of order") {
    constexpr int kValues = 20'000;
    common::SpscQueue<std::unique_ptr<int>, 4> queue;
    std::jthread pusher([&] {
        for (int i = 0; i < kValues; ++i) {
            while (!queue.push(std::make_unique<int>(i))) std::this_thread::yield();
        }
    });
    int next = 0;
    bool in_order = true;
    while (next < kValues) {
        const auto value = queue.pop();
        if (!value) {
            std::this_thread::yield();
            continue;
        }
        in_order = in_order && **value == next++;
        if (!in_order) break;
    }
    CHECK(in_order);
}

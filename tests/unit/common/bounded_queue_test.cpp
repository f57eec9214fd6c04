#include "common/bounded_queue.h"

#include <catch2/catch.hpp>

using common::BoundedQueue;
using common::WhenFull;

TEST_CASE("BoundedQueue hands values over in order") {
    BoundedQueue<int> queue(3, WhenFull::DropOldest);

    queue.push(1);
    queue.push(2);

    CHECK(queue.pop() == 1);
    CHECK(queue.pop() == 2);
    CHECK_FALSE(queue.pop().has_value());
}

TEST_CASE("A full BoundedQueue drops the oldest when newest wins, and counts it") {
    BoundedQueue<int> queue(2, WhenFull::DropOldest);
    queue.push(1);
    queue.push(2);

    CHECK_FALSE(queue.push(3));

    CHECK(queue.dropped() == 1);
    CHECK(queue.pop() == 2);
    CHECK(queue.pop() == 3);
}

TEST_CASE("A full BoundedQueue refuses the newest when told so, and counts it") {
    BoundedQueue<int> queue(2, WhenFull::DropNewest);
    queue.push(1);
    queue.push(2);

    CHECK_FALSE(queue.push(3));

    CHECK(queue.dropped() == 1);
    CHECK(queue.pop() == 1);
}

#include "common/quantile_tracker.h"

#include <catch2/catch.hpp>
#include <random>

using common::Duration;
using common::QuantileTracker;
using namespace std::chrono_literals;

TEST_CASE("The estimate settles where the given share of samples lies below") {
    QuantileTracker tracker(0.9, 100us, 0ms);
    std::mt19937 random(5);
    std::uniform_int_distribution<int> microseconds(0, 10000);
    int below = 0;
    for (int i = 0; i < 20000; ++i) {
        const Duration sample = std::chrono::microseconds(microseconds(random));
        if (i >= 10000 && sample <= tracker.value()) ++below;
        tracker.add(sample);
    }

    CHECK(below > 8800);
    CHECK(below < 9200);
    CHECK(tracker.value() > 8500us);
    CHECK(tracker.value() < 9500us);
}

TEST_CASE("One outlier costs one step, however far out") {
    QuantileTracker tracker(0.98, 500us, 4ms);
    tracker.add(10s);
    CHECK(tracker.value() == 4490us);
}

TEST_CASE("The estimate never falls below nothing") {
    QuantileTracker tracker(0.5, 1ms, 2ms);
    for (int i = 0; i < 10; ++i) tracker.add(0ms);
    CHECK(tracker.value() == 0ms);
}

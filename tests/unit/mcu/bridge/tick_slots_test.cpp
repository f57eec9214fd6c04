#include "mcu/bridge/tick_slots.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <vector>

using mcu::TickSlots;

TEST_CASE("The first few canvases come to lie evenly around the tick") {
    TickSlots slots(16);
    std::vector<int> taken;
    for (int i = 0; i < 8; ++i) taken.push_back(slots.take(100));

    CHECK(std::vector(taken.begin(), taken.begin() + 2) == std::vector{0, 8});
    std::ranges::sort(taken);
    CHECK(taken == std::vector{0, 2, 4, 6, 8, 10, 12, 14});
}

TEST_CASE("No slot is taken twice before all are") {
    TickSlots slots(16);
    std::set<int> taken;
    for (int i = 0; i < 16; ++i) taken.insert(slots.take(100));

    CHECK(taken.size() == 16);
}

TEST_CASE("Who comes after others left has the place that they left") {
    TickSlots slots(16);
    std::vector<int> taken;
    for (int i = 0; i < 8; ++i) taken.push_back(slots.take(100));
    slots.give_back(6, 100);

    CHECK(slots.take(100) == 6);
}

TEST_CASE("A small picture is put beside another small one rather than beside a large one") {
    TickSlots slots(2);
    const int large = slots.take(900);
    const int small = slots.take(100);

    CHECK(small != large);
    CHECK(slots.take(100) == small);
}

TEST_CASE("A tick that is not divided has one slot for all") {
    TickSlots slots(1);
    CHECK(slots.take(100) == 0);
    CHECK(slots.take(100) == 0);
}

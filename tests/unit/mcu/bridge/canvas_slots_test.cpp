#include "mcu/bridge/canvas_slots.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <initializer_list>

using mcu::CanvasSlots;
using mcu::TickSlots;
using mcu::VideoPlan;

namespace {

std::vector<VideoPlan::Drawing> drawings_of(std::initializer_list<std::uint64_t> canvases) {
    std::vector<VideoPlan::Drawing> drawings;
    for (const std::uint64_t canvas : canvases) {
        auto scene = std::make_shared<mixer::Scene>();
        scene->size = {1280, 720};
        drawings.push_back({mixer::CanvasId{canvas}, 1, std::move(scene)});
    }
    return drawings;
}

int slot_of(const std::vector<VideoPlan::Drawing>& drawings, std::uint64_t canvas) {
    return std::ranges::find(drawings, mixer::CanvasId{canvas}, &VideoPlan::Drawing::canvas)->slot;
}

}  // namespace

TEST_CASE("A canvas keeps its slot while others come and go") {
    TickSlots slots(16);
    CanvasSlots canvases(slots);
    auto first = drawings_of({1, 2, 3});
    canvases.assign(first);

    auto second = drawings_of({3, 4, 5, 6});
    canvases.assign(second);

    CHECK(slot_of(first, 1) != slot_of(first, 2));
    CHECK(slot_of(second, 3) == slot_of(first, 3));
}

TEST_CASE("Canvases of two meetings keep out of each other's way") {
    TickSlots slots(16);
    CanvasSlots one(slots);
    CanvasSlots other(slots);
    auto here = drawings_of({1});
    auto there = drawings_of({1});
    one.assign(here);
    other.assign(there);

    CHECK(slot_of(here, 1) == 0);
    CHECK(slot_of(there, 1) == 8);
}

TEST_CASE("A meeting that ends leaves its slots to others") {
    TickSlots slots(16);
    {
        CanvasSlots canvases(slots);
        auto drawings = drawings_of({1, 2});
        canvases.assign(drawings);
    }
    CanvasSlots canvases(slots);
    auto drawings = drawings_of({7});
    canvases.assign(drawings);

    CHECK(slot_of(drawings, 7) == 0);
}

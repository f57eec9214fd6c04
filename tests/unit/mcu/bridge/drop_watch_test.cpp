#include "mcu/bridge/drop_watch.h"

#include <catch2/catch.hpp>

using mcu::DropWatch;
using mcu::StreamCounters;

namespace {

using Lines = std::vector<std::string>;

StreamCounters stream(const std::string& mid, const mcu::DropCounts& dropped) {
    StreamCounters counters;
    counters.mid = mid;
    counters.dropped = dropped;
    return counters;
}

}  // namespace

TEST_CASE("What was dropped is told by medium and reason, and once") {
    DropWatch watch;
    const std::vector streams{stream("0", {.foreign_address = 3, .no_room = 1}), stream("1", {}),
                              stream("2", {.misplaced = 50})};
    CHECK(watch.news(streams) == Lines{"mid=0 foreign_address=3 no_room=1", "mid=2 misplaced=50"});
    CHECK(watch.news(streams).empty());
    CHECK(watch.news({stream("0", {.foreign_address = 5, .no_room = 1})}) ==
          Lines{"mid=0 foreign_address=2"});
}

TEST_CASE("A medium that was opened anew is told from nought") {
    DropWatch watch;
    CHECK(watch.news({stream("0", {.malformed = 9})}).size() == 1);
    CHECK(watch.news({stream("0", {.malformed = 4})}) == Lines{"mid=0 malformed=4"});
    CHECK(watch.news({}).empty());
    CHECK(watch.news({stream("0", {.malformed = 4})}) == Lines{"mid=0 malformed=4"});
}

TEST_CASE("Every reason has a name of its own and counts in the sum") {
    mcu::DropCounts all;
    std::uint64_t expected = 0, weight = 1;
    for (const auto& reason : mcu::DropCounts::kReasons) {
        all.*reason.count = weight;
        expected += weight;
        weight *= 2;
    }
    CHECK(all.sum() == expected);
    CHECK(sizeof(mcu::DropCounts) == mcu::DropCounts::kReasons.size() * sizeof(std::uint64_t));
}

#include "common/heap_rest.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

using common::HeapRest;
using common::Timestamp;

namespace {

/// The seconds at which memory was given back.
std::vector<int> rests(HeapRest& heap, const std::vector<std::size_t>& in_use, int seconds) {
    std::vector<int> at;
    for (int second = 0; second < seconds; ++second) {
        const auto now = Timestamp::from_ns(std::int64_t{1'000'000'000} * second);
        const auto index =
            std::min<std::size_t>(static_cast<std::size_t>(second), in_use.size() - 1);
        if (heap.look(now, in_use[index])) at.push_back(second);
    }
    return at;
}

}  // namespace

TEST_CASE("Memory is given back soon after somebody left, and once when all is quiet") {
    HeapRest heap;
    CHECK(rests(heap, {0, 3, 3, 2}, 200) == std::vector<int>{8, 13});
}

TEST_CASE("A steady stream of leaving people does not give memory back at every look") {
    HeapRest heap;
    CHECK(rests(heap, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, 200) == std::vector<int>{6, 12, 19});
}

TEST_CASE("Nobody leaves: memory stays") {
    HeapRest heap;
    CHECK(rests(heap, {0, 1, 2, 3}, 200).empty());
}

TEST_CASE("What a pool keeps is freed right before memory is given back, and only then") {
    HeapRest heap;
    int released = 0;
    for (int second = 0; second < 100; ++second) {
        const auto now = Timestamp::from_ns(std::int64_t{1'000'000'000} * second);
        const int before = released;
        const bool gave = heap.look(now, second < 3 ? 1 : 0, [&] { ++released; });
        CHECK(gave == (released > before));
    }
    CHECK(released == 2);
}

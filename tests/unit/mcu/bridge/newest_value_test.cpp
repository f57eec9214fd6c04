#include "mcu/bridge/newest_value.h"

#include <array>
#include <catch2/catch.hpp>
#include <thread>

using mcu::NewestValue;

TEST_CASE("The reader gets the value published last, again and again") {
    NewestValue<int> value;
    value.writable() = 1;
    value.publish();
    value.writable() = 2;
    value.publish();

    CHECK(value.read() == 2);
    CHECK(value.read() == 2);
}

TEST_CASE("What is being written is not read") {
    NewestValue<int> value;
    value.writable() = 1;
    value.publish();

    value.writable() = 7;

    CHECK(value.read() == 1);
}

TEST_CASE("Every slot is prepared") {
    NewestValue<std::array<int, 2>> value;
    value.prepare([](auto& slot) { slot = {3, 4}; });

    CHECK(value.read() == std::array{3, 4});
    CHECK(value.writable() == std::array{3, 4});
}

TEST_CASE("A value read while others are written is whole, and never older than the one before") {
    NewestValue<std::array<int, 64>> value;
    std::jthread writer([&] {
        for (int i = 1; i <= 20'000; ++i) {
            value.writable().fill(i);
            value.publish();
        }
    });
    int last = 0;
    bool whole = true, ordered = true;
    while (last < 20'000) {
        const auto& read = value.read();
        whole = whole && read.front() == read.back();
        ordered = ordered && read.front() >= last;
        last = read.front();
    }
    CHECK(whole);
    CHECK(ordered);
}

#include "mcu/bridge/fec_strength.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using mcu::FecStrength;

namespace {
constexpr auto kStart = common::Timestamp::from_ns(1'000'000'000'000);
}

TEST_CASE("FEC follows reported loss in steps, up at once") {
    FecStrength fec;
    CHECK(fec.follow(0, kStart) == 0);
    CHECK(fec.follow(1, kStart) == 0);
    CHECK(fec.follow(3, kStart) == 10);
    CHECK(fec.follow(12, kStart) == 20);
    CHECK(fec.follow(60, kStart) == 20);
}

TEST_CASE("FEC goes down when reports were better for long enough, without a break") {
    FecStrength fec;
    fec.follow(12, kStart);
    CHECK(fec.follow(0, kStart + 1s) == 20);
    CHECK(fec.follow(0, kStart + 29s) == 20);
    CHECK(fec.follow(15, kStart + 30s) == 20);
    CHECK(fec.follow(4, kStart + 35s) == 20);
    CHECK(fec.follow(4, kStart + 64s) == 20);
    CHECK(fec.follow(4, kStart + 65s) == 10);
}

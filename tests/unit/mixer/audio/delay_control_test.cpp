#include "mixer/audio/delay_control.h"

#include <catch2/catch.hpp>

using mixer::DelayControl;

namespace {

constexpr std::int64_t kMs = 48;
constexpr std::int64_t kStep = 20 * kMs;
constexpr std::int64_t kNeed = 10 * kMs;

DelayControl::Wish after_ticks(DelayControl& control, int ticks, std::int64_t lead,
                               std::int64_t rest = 0) {
    DelayControl::Wish wish;
    for (int i = 0; i < ticks; ++i) wish = control.wish(lead, kNeed, kStep, rest);
    return wish;
}

}  // namespace

TEST_CASE("A delay between the need and a step above it is left alone") {
    for (std::int64_t lead = 8; lead <= 30; ++lead) {
        DelayControl control;
        CHECK(after_ticks(control, 1000, lead * kMs).samples == 0);
    }
}

TEST_CASE("A delay that is hardly more than a step too much may stay some seconds") {
    DelayControl control;

    CHECK(after_ticks(control, 200, 32 * kMs).samples == 0);

    CHECK(after_ticks(control, 100, 32 * kMs).samples == -kStep);
}

TEST_CASE("A delay of more than a step too much is left out by whole steps") {
    DelayControl control;
    CHECK(after_ticks(control, 50, 36 * kMs).samples == -kStep);

    DelayControl far;
    CHECK(after_ticks(far, 50, 58 * kMs).samples == -2 * kStep);
}

TEST_CASE("A delay below the need is made up for by whole steps") {
    DelayControl control;

    const auto wish = after_ticks(control, 8, 5 * kMs);

    CHECK(wish.samples == kStep);
    CHECK(wish.soon);
}

TEST_CASE("What is left of a step goes when it may, and is never urgent") {
    DelayControl control;

    const auto wish = after_ticks(control, 200, 25 * kMs, 5 * kMs);

    CHECK(wish.samples == -5 * kMs);
    CHECK_FALSE(wish.soon);
}

TEST_CASE("A single tick that came late moves nothing") {
    DelayControl control;
    after_ticks(control, 20, 20 * kMs);

    CHECK(control.wish(90 * kMs, kNeed, kStep, 0).samples == 0);
    CHECK(control.wish(0, kNeed, kStep, 0).samples == 0);
}

TEST_CASE("Much too much delay is left out at once, and each tick") {
    DelayControl control;
    auto wish = after_ticks(control, 3, 150 * kMs);
    REQUIRE(wish.samples < -100 * kMs);
    REQUIRE(wish.soon);

    control.done(-10 * kMs);
    wish = control.wish(140 * kMs, kNeed, kStep, 10 * kMs);

    CHECK(wish.samples < -100 * kMs);
    CHECK(wish.soon);
}

TEST_CASE("A little too much waits for its moment a second, and then goes anywhere") {
    DelayControl control;
    CHECK_FALSE(after_ticks(control, 20, 40 * kMs).soon);

    CHECK(after_ticks(control, 50, 40 * kMs).soon);
}

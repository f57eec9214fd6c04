#include "mcu/rtp/congestion/sent_history.h"

#include <catch2/catch.hpp>

#include "mcu/rtp/congestion/path_delay.h"

using namespace std::chrono_literals;
using common::Timestamp;
using mcu::PathDelay;
using mcu::SentHistory;

namespace {
constexpr Timestamp kBegin = Timestamp::from_ns(1'000'000'000'000);
}

TEST_CASE("SentHistory tells what was sent in any part of the last seconds") {
    SentHistory sent;
    for (int i = 0; i <= 500; ++i) sent.add(100, i % 2 == 0, kBegin + i * 10ms);

    CHECK(sent.between(kBegin + 1s, kBegin + 3s).bytes == Approx(20'000).margin(200));
    CHECK(sent.between(kBegin + 1s, kBegin + 3s).picture_packets == Approx(100).margin(2));
    CHECK(sent.between(kBegin + 1s, kBegin + 3s).picture_bytes == Approx(10'000).margin(200));
    CHECK(sent.between(kBegin + 1s, kBegin + 1s).bytes == 0);
}

TEST_CASE("SentHistory forgets the oldest and counts from what it knows") {
    SentHistory sent;
    for (int i = 0; i <= 2000; ++i) sent.add(100, true, kBegin + i * 50ms);

    CHECK(sent.between(kBegin, kBegin + 100s).bytes < 30'000);
    CHECK(sent.between(kBegin + 90s, kBegin + 100s).bytes == Approx(20'000).margin(200));
}

TEST_CASE("PathDelay takes one long round trip for jitter and three for a queue") {
    PathDelay delay;
    for (int i = 0; i < 10; ++i) delay.add(100ms, kBegin + i * 1s);
    delay.add(300ms, kBegin + 10s);
    CHECK(delay.newest() == 200ms);
    CHECK(delay.standing() == 0ms);

    delay.add(320ms, kBegin + 11s);
    delay.add(310ms, kBegin + 12s);

    CHECK(delay.standing() == 200ms);
}

TEST_CASE("PathDelay takes a route that became longer for the measure after two minutes") {
    PathDelay delay;
    delay.add(20ms, kBegin);
    for (int i = 1; i <= 130; ++i) delay.add(150ms, kBegin + i * 1s);

    CHECK(delay.standing() == 0ms);
}

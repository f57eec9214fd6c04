#include "mcu/rtp/bitrate_feedback.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/fake_clock.h"

using common::Bitrate;
using mcu::BitrateFeedback;
using mcu::BitrateLimit;

TEST_CASE(
    "A limit is told at once, then no sooner than the interval, and only when it is another") {
    tests::FakeClock clock;
    BitrateLimit limit;
    CHECK_FALSE(limit.take_due(clock.now()));

    limit.request(Bitrate::from_kbps(300));
    CHECK(limit.take_due(clock.now()) == Bitrate::from_kbps(300));
    CHECK_FALSE(limit.next_deadline());

    limit.request(Bitrate::from_kbps(0));
    CHECK_FALSE(limit.take_due(clock.now()));
    REQUIRE(limit.next_deadline() == clock.now() + BitrateLimit::kTellInterval);
    clock.advance(BitrateLimit::kTellInterval);
    CHECK(limit.take_due(clock.now()) == Bitrate::from_kbps(0));

    limit.request(Bitrate::from_kbps(100));
    limit.request(Bitrate::from_kbps(0));
    CHECK_FALSE(limit.next_deadline());
}

TEST_CASE("What we owe and what we want go out in one, once") {
    tests::FakeClock clock;
    BitrateFeedback feedback;
    CHECK_FALSE(feedback.due(clock.now()));

    feedback.ask(7, Bitrate::from_kbps(256), clock.now());
    feedback.owe_confirmation(99, {.ssrc = 5, .limit = Bitrate::from_kbps(300)});
    REQUIRE(feedback.due(clock.now()));
    std::vector<std::uint8_t> bytes;
    common::ByteWriter writer(bytes);
    feedback.write(1, clock.now(), writer);

    CHECK(bytes.size() == 40);
    CHECK(feedback.requests_sent() == 1);
    CHECK_FALSE(feedback.due(clock.now()));
    clock.advance(BitrateFeedback::kRepeat);
    CHECK(feedback.due(clock.now()));
}

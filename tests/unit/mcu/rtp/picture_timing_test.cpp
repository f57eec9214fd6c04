#include "mcu/rtp/picture_timing.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using common::Duration;
using common::Timestamp;
using mcu::PictureTiming;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kPictureTicks = 3000;  // 30 pictures a second at 90 kHz

Timestamp start() {
    return Timestamp::from_ns(1'000'000'000'000);
}

Timestamp sent(int picture) {
    return start() + Duration(picture * 1'000'000'000LL / 30);
}

constexpr Duration kDecoding = 4ms;

Timestamp due_of(PictureTiming& timing, std::uint32_t rtp_time, Timestamp arrival) {
    return timing.due_of(rtp_time, arrival, kDecoding);
}

}  // namespace

TEST_CASE("A sender near the tick's phase gives each tick one new picture, in spite of jitter") {
    PictureTiming timing;
    std::mt19937 random(7);
    std::uniform_int_distribution<int> jitter_us(0, 6000);
    std::vector<Timestamp> due;
    for (int i = 0; i < 3000; ++i) {
        due.push_back(due_of(timing, 1000 + static_cast<std::uint32_t>(i) * kPictureTicks,
                             sent(i) + std::chrono::microseconds(jitter_us(random))));
    }

    int irregular = 0;
    for (std::size_t i = 300; i < due.size(); ++i) {
        const Duration step = due[i] - due[i - 1];
        if (step < 33ms || step > 34ms) ++irregular;
    }

    CHECK(irregular <= 2);  // the least delay was found a little later than the first seconds
}

TEST_CASE("The margin is all that a steady picture waits") {
    PictureTiming timing;
    for (int i = 0; i < 100; ++i) {
        const Timestamp due =
            due_of(timing, static_cast<std::uint32_t>(i) * kPictureTicks, sent(i));
        CHECK(due - sent(i) <= timing.margin() + 1us);
        CHECK(due - sent(i) >= timing.margin() - 1us);
    }
}

TEST_CASE("A picture that comes late is due at once") {
    PictureTiming timing;
    for (int i = 0; i < 30; ++i)
        (void)due_of(timing, static_cast<std::uint32_t>(i) * kPictureTicks, sent(i));

    const Timestamp arrival = sent(30) + 25ms;

    CHECK(due_of(timing, 30 * kPictureTicks, arrival) == arrival);
}

TEST_CASE("RTP time may wrap") {
    PictureTiming timing;
    std::uint32_t rtp_time = 0xffffffff - 10 * kPictureTicks;
    for (int i = 0; i < 30; ++i, rtp_time += kPictureTicks) {
        const Timestamp due = due_of(timing, rtp_time, sent(i));
        CHECK(due - sent(i) <= PictureTiming::kFirstMargin + 1us);
        CHECK(due >= sent(i));
    }
}

TEST_CASE("A jump of the sender's clock is followed at once") {
    for (const std::uint32_t jump :
         {90000U * 3600, 0x80000000U, static_cast<std::uint32_t>(-90000 * 60)}) {
        PictureTiming timing;
        for (int i = 0; i < 30; ++i)
            (void)due_of(timing, static_cast<std::uint32_t>(i) * kPictureTicks, sent(i));

        for (int i = 30; i < 60; ++i) {
            const Timestamp due =
                due_of(timing, jump + static_cast<std::uint32_t>(i) * kPictureTicks, sent(i));
            CHECK(due >= sent(i));
            CHECK(due - sent(i) <= PictureTiming::kFirstMargin + 1us);
        }
    }
}

TEST_CASE(
    "A clock wrong by 200 ppm, either way, never makes pictures wait longer than margin and dead "
    "band") {
    for (const double wrong : {1.0002, 0.9998}) {
        PictureTiming timing;
        for (int i = 0; i < 30 * 600; ++i) {
            const Timestamp arrival =
                start() + Duration(static_cast<std::int64_t>(i * 1e9 / 30 * wrong));
            const Timestamp due =
                due_of(timing, static_cast<std::uint32_t>(i) * kPictureTicks, arrival);
            REQUIRE(due - arrival <= PictureTiming::kFirstMargin + 6ms);
        }
    }
}

TEST_CASE("A path that became slower for good gets its margin back") {
    PictureTiming timing;
    for (int i = 0; i < 300; ++i)
        (void)due_of(timing, static_cast<std::uint32_t>(i) * kPictureTicks, sent(i));
    Timestamp due;
    for (int i = 300; i < 900; ++i)
        due = due_of(timing, static_cast<std::uint32_t>(i) * kPictureTicks, sent(i) + 50ms);

    CHECK(due - (sent(899) + 50ms) >= PictureTiming::kFirstMargin - 5ms);
}

TEST_CASE(
    "On a clean link the margin falls to what decoding takes, and no tick loses its picture") {
    PictureTiming timing;
    int early = 0;
    Timestamp before;
    for (int i = 0; i < 3000; ++i) {
        const Timestamp due =
            timing.due_of(static_cast<std::uint32_t>(i) * kPictureTicks, sent(i), 2ms);
        if (i > 0 && due - before < 31ms) ++early;
        before = due;
    }

    CHECK(timing.margin() >= PictureTiming::kLeastMargin);
    CHECK(timing.margin() <= 5ms);
    CHECK(early == 0);  // it falls in steps smaller than a tick's reserve
}

TEST_CASE("Decoding that takes longer gets its margin within a second, up to a limit") {
    PictureTiming timing;
    int i = 0;
    for (; i < 900; ++i)
        (void)timing.due_of(static_cast<std::uint32_t>(i) * kPictureTicks, sent(i), 2ms);
    for (; i < 930; ++i)
        (void)timing.due_of(static_cast<std::uint32_t>(i) * kPictureTicks, sent(i), 9ms);
    CHECK(timing.margin() >= 10ms);

    for (; i < 960; ++i)
        (void)timing.due_of(static_cast<std::uint32_t>(i) * kPictureTicks, sent(i), 90ms);
    CHECK(timing.margin() == PictureTiming::kMostMargin);
}

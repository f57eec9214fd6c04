#include "mcu/rtp/ntp_time.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using common::Timestamp;

TEST_CASE("NtpClock adds monotonic time to the wall clock read at the start") {
    const mcu::NtpClock clock(Timestamp::from_ns(1'000'000'000), 1'700'000'000s);

    const mcu::NtpTime time = clock.at(Timestamp::from_ns(1'000'000'000) + 1500ms);

    CHECK(time.seconds() == 1'700'000'001U + 2'208'988'800U);
    CHECK(time.fraction() == 0x80000000);
    CHECK(time.middle() == (((1'700'000'001U + 2'208'988'800U) & 0xffff) << 16 | 0x8000));
}

TEST_CASE("Differences of NTP times are durations") {
    const mcu::NtpClock clock(Timestamp(), 1'700'000'000s);

    const auto later = clock.at(Timestamp::from_ns(250'000'000)).since_1900();
    const auto earlier = clock.at(Timestamp()).since_1900();

    CHECK(later - earlier == 250ms);
}

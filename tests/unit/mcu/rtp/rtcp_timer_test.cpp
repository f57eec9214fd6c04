#include "mcu/rtp/rtcp_timer.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using common::Bitrate;
using common::Timestamp;
using mcu::RtcpTimer;

namespace {

const Timestamp kStart = Timestamp::from_ns(1'000'000'000'000);

RtcpTimer::Group two_at(Bitrate bandwidth) {
    return {.members = 2, .senders = 2, .we_send = true, .session_bandwidth = bandwidth};
}

}  // namespace

TEST_CASE(
    "The least interval is 360 divided by the bandwidth, between 0.5 and 5 s, halved at first") {
    std::mt19937_64 random(1);
    RtcpTimer timer(kStart);

    CHECK(timer.deterministic_interval(two_at(Bitrate::from_kbps(64))) == 2500ms);
    timer.on_sent(two_at(Bitrate::from_kbps(64)), kStart, random);

    CHECK(timer.deterministic_interval(two_at(Bitrate::from_kbps(64))) == 5s);
    CHECK(timer.deterministic_interval(two_at(Bitrate::from_kbps(360))) == 1s);
    CHECK(timer.deterministic_interval(two_at(Bitrate::from_kbps(4000))) == 500ms);
}

TEST_CASE("Many members share five percent of the bandwidth") {
    const RtcpTimer timer(kStart);
    const RtcpTimer::Group crowd{.members = 1000,
                                 .senders = 1000,
                                 .we_send = true,
                                 .session_bandwidth = Bitrate::from_kbps(1000)};

    // 1000 compounds of 128 bytes at 50 kbit/s.
    CHECK(timer.deterministic_interval(crowd) == 20'480ms);
}

TEST_CASE("Few senders among many have a quarter of RTCP's share for themselves") {
    const RtcpTimer timer(kStart);
    RtcpTimer::Group crowd{.members = 1000,
                           .senders = 100,
                           .we_send = true,
                           .session_bandwidth = Bitrate::from_kbps(1000)};

    CHECK(timer.deterministic_interval(crowd) == 8192ms);
    crowd.we_send = false;
    CHECK(timer.deterministic_interval(crowd) == 24'576ms);
}

TEST_CASE("Intervals are spread between 0.5 and 1.5 of the deterministic one") {
    std::mt19937_64 random(1);
    RtcpTimer timer(kStart);
    const auto group = two_at(Bitrate::from_kbps(360));
    common::Duration least = 1h, most = 0s;

    for (int i = 0; i < 1000; ++i) {
        timer.on_sent(group, kStart, random);
        least = std::min(least, timer.next() - kStart);
        most = std::max(most, timer.next() - kStart);
    }

    CHECK(least >= 410ms);  // 0.5 s / 1.21828
    CHECK(least < 450ms);
    CHECK(most <= 1232ms);  // 1.5 s / 1.21828
    CHECK(most > 1190ms);
}

TEST_CASE("When the group has grown the timer reconsiders instead of sending") {
    std::mt19937_64 random(1);
    RtcpTimer timer(kStart);
    timer.start(two_at(Bitrate::from_kbps(1000)), kStart, random);
    const Timestamp planned = timer.next();
    const RtcpTimer::Group crowd{.members = 10'000,
                                 .senders = 10'000,
                                 .we_send = true,
                                 .session_bandwidth = Bitrate::from_kbps(1000)};

    CHECK_FALSE(timer.expire(crowd, planned, random));
    CHECK(timer.next() > planned + 10s);
}

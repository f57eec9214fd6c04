#include "mixer/audio/arrival_watch.h"

#include <catch2/catch.hpp>

using common::Duration;
using common::Timestamp;
using mixer::ArrivalWatch;
using namespace std::chrono_literals;

namespace {

/// Packets of 20 ms on a clock of 8000 Hz, each as late as it is told to be.
struct Stream {
    ArrivalWatch::Place next(Duration late) {
        const auto place = watch.note(rtp_time, 8000, sent + late);
        rtp_time += 160;
        sent = sent + 20ms;
        return place;
    }
    void steady(int packets) {
        for (int i = 0; i < packets; ++i) next(0ms);
    }
    ArrivalWatch watch;
    std::uint32_t rtp_time = 0xffff'ff00;  // wraps at once
    Timestamp sent = Timestamp::from_ns(50'000'000'000);
};

}  // namespace

TEST_CASE("A stream that comes like clockwork has the least jitter") {
    Stream stream;

    stream.steady(1000);

    CHECK(stream.watch.jitter() == ArrivalWatch::kBucket);
    CHECK(stream.watch.lateness(stream.next(0ms)) == 0ms);
}

TEST_CASE("Lateness is counted from the fastest packet of the last seconds") {
    Stream stream;
    stream.steady(10);

    CHECK(stream.watch.lateness(stream.next(37ms)) == 37ms);
}

TEST_CASE("The jitter covers what comes often and not what came once") {
    Stream stream;
    stream.steady(500);
    stream.next(100ms);
    CHECK(stream.watch.jitter() == 5ms);

    for (int i = 0; i < 500; ++i) stream.next(i % 10 == 0 ? 42ms : 0ms);

    CHECK(stream.watch.jitter() == 45ms);
}

TEST_CASE("Jitter that is over is forgotten within 40 s") {
    Stream stream;
    for (int i = 0; i < 1000; ++i) stream.next(Duration(1ms) * (i * 7 % 60));
    REQUIRE(stream.watch.jitter() == 60ms);

    stream.steady(2000);

    CHECK(stream.watch.jitter() <= 10ms);
}

TEST_CASE("An outage is no jitter") {
    Stream stream;
    stream.steady(500);

    for (int late = 500; late > 0; late -= 20) stream.next(Duration(1ms) * late);
    stream.steady(1);

    CHECK(stream.watch.jitter() == 5ms);
}

TEST_CASE("A path that got longer for good is the new normal after some seconds") {
    Stream stream;
    stream.steady(100);

    for (int i = 0; i < 250; ++i) stream.next(60ms);

    CHECK(stream.watch.lateness(stream.next(60ms)) == 0ms);
}

TEST_CASE("A path that got shorter counts at once") {
    Stream stream;
    for (int i = 0; i < 100; ++i) stream.next(60ms);

    stream.next(0ms);

    CHECK(stream.watch.lateness(stream.next(60ms)) == 60ms);
}

TEST_CASE("A jump of the sender's clock begins a new line and says nothing of the old one") {
    Stream stream;
    const auto before = stream.next(0ms);
    stream.rtp_time += 8000 * 3600;

    const auto after = stream.next(0ms);

    CHECK(after.line != before.line);
    CHECK(stream.watch.lateness(before) == 0ms);
    CHECK(stream.watch.lateness(after) == 0ms);
}

TEST_CASE("A reset forgets the jitter") {
    Stream stream;
    for (int i = 0; i < 1000; ++i) stream.next(Duration(1ms) * (i * 7 % 60));

    stream.watch.reset();

    CHECK(stream.watch.jitter() == 0ms);
}

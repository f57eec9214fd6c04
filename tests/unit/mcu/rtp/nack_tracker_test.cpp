#include "mcu/rtp/nack_tracker.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using common::Timestamp;
using mcu::NackTracker;

namespace {

constexpr auto kStart = Timestamp::from_ns(1'000'000'000'000);

std::vector<std::uint16_t> due(NackTracker& tracker, Timestamp now) {
    std::vector<std::uint16_t> out;
    tracker.take_due(now, 1000, out);
    return out;
}

}  // namespace

TEST_CASE("A gap is asked for once the path's jitter cannot explain it any more") {
    NackTracker tracker;
    tracker.set_path(100ms, 10ms);
    tracker.on_packet(10, kStart);
    tracker.on_packet(13, kStart + 5ms);

    CHECK(due(tracker, kStart + 24ms).empty());
    CHECK(tracker.next_deadline() == kStart + 25ms);
    CHECK(due(tracker, kStart + 25ms) == std::vector<std::uint16_t>{11, 12});
    CHECK(due(tracker, kStart + 26ms).empty());
}

TEST_CASE("Packets that were only overtaken are not asked for") {
    NackTracker tracker;
    tracker.set_path(100ms, 10ms);
    tracker.on_packet(10, kStart);
    tracker.on_packet(12, kStart + 5ms);
    tracker.on_packet(11, kStart + 15ms);

    CHECK_FALSE(tracker.next_deadline());
    CHECK(due(tracker, kStart + 1s).empty());
    CHECK(tracker.counters().recovered == 0);
}

TEST_CASE("Where packets were overtaken, the next gap is given as much time") {
    NackTracker tracker;
    tracker.set_path(100ms, 5ms);
    tracker.on_packet(10, kStart);
    tracker.on_packet(12, kStart);
    CHECK(due(tracker, kStart + 10ms) == std::vector<std::uint16_t>{11});
    tracker.on_packet(11, kStart + 25ms);  // 15 ms after the asking: no answer to it

    tracker.on_packet(14, kStart + 30ms);

    CHECK(due(tracker, kStart + 56ms).empty());
    CHECK(due(tracker, kStart + 57ms) == std::vector<std::uint16_t>{13});
    CHECK(tracker.counters().recovered == 0);
}

TEST_CASE("Reorder of long ago is forgotten") {
    NackTracker tracker;
    tracker.set_path(100ms, 5ms);
    tracker.on_packet(10, kStart);
    tracker.on_packet(12, kStart);
    tracker.on_packet(11, kStart + 25ms);
    CHECK(tracker.reorder_wait() == 27ms);

    for (int i = 13; i < 2000; ++i) tracker.on_packet(i, kStart + 30ms + i * 5ms);

    CHECK(tracker.reorder_wait() == 10ms);
}

TEST_CASE("A packet is asked for again each round trip, until it comes") {
    NackTracker tracker;
    tracker.set_path(100ms, 0ms);
    tracker.on_packet(65535, kStart);
    tracker.on_packet(65537, kStart);

    int asked = 0;
    for (auto t = 0ms; t < 300ms; t += 1ms) {
        for (const auto sequence : due(tracker, kStart + t)) {
            CHECK(sequence == 0);  // 65536 on the wire
            ++asked;
        }
    }
    CHECK(asked == 3);
    tracker.on_packet(65536, kStart + 300ms);
    CHECK(due(tracker, kStart + 2s).empty());
    CHECK(tracker.counters().recovered == 1);
}

TEST_CASE("Asking ends after its most tries, and for what nobody waits for") {
    NackTracker tracker;
    tracker.on_packet(1, kStart);
    tracker.on_packet(4, kStart);
    tracker.forget_before(3);

    int asked = 0;
    for (auto t = 0ms; t < 5s; t += 5ms) {
        for (const auto sequence : due(tracker, kStart + t)) {
            CHECK(sequence == 3);
            ++asked;
        }
    }
    CHECK(asked == NackTracker::kMostAsks);
    CHECK_FALSE(tracker.next_deadline());
}

TEST_CASE("A gap that is too long is left to a key frame") {
    NackTracker tracker;
    tracker.on_packet(1, kStart);
    tracker.on_packet(500, kStart);

    CHECK(due(tracker, kStart + 1s).empty());
    CHECK(tracker.missing_count() == 0);
    tracker.on_packet(502, kStart + 1s);
    CHECK(due(tracker, kStart + 2s) == std::vector<std::uint16_t>{501});
}

TEST_CASE("Nobody waits for a gap that was given up longer than for reorder") {
    NackTracker tracker;
    tracker.set_path(100ms, 10ms);
    tracker.on_packet(1, kStart);
    tracker.on_packet(500, kStart);
    CHECK(tracker.longest_wait() == tracker.reorder_wait());

    tracker.forget_before(499);
    CHECK(tracker.longest_wait() == tracker.reorder_wait());
    tracker.forget_before(500);
    CHECK(tracker.longest_wait() == 410ms);
}

TEST_CASE("What there is no room to ask for stays due, and unasked") {
    NackTracker tracker;
    tracker.on_packet(1, kStart);
    tracker.on_packet(102, kStart);
    std::vector<std::uint16_t> out;
    tracker.take_due(kStart + 1s, 64, out);

    CHECK(out.size() == 64);
    CHECK(tracker.counters().asked == 64);
    CHECK(*tracker.next_deadline() < kStart + 1s);
    CHECK(due(tracker, kStart + 1s).size() == 36);
    CHECK(due(tracker, kStart + 1s).empty());
}

TEST_CASE("Waiting pays for three tries, and never long enough to see the picture stand") {
    NackTracker tracker;
    tracker.set_path(5ms, 1ms);
    CHECK(tracker.longest_wait() == 120ms);
    tracker.set_path(100ms, 10ms);
    CHECK(tracker.longest_wait() == 410ms);
    tracker.set_path(2s, 100ms);
    CHECK(tracker.longest_wait() == 450ms);
}

TEST_CASE("Another stream begins without the gaps of the one before") {
    NackTracker tracker;
    tracker.on_packet(1, kStart);
    tracker.on_packet(5, kStart);

    tracker.reset();
    tracker.on_packet(9000, kStart + 1s);

    CHECK(due(tracker, kStart + 3s).empty());
}

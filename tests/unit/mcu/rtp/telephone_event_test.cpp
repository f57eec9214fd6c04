#include "mcu/rtp/telephone_event.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace std::chrono_literals;
using common::Timestamp;
using mcu::TelephoneEvent;
using mcu::TelephoneEventReceiver;
using Digit = TelephoneEventReceiver::Digit;

namespace {

constexpr bool kEnd = true;

struct Line {
    /// 20 ms after the one before.
    void packet(int event, std::uint32_t rtp_time, int duration, bool end = false) {
        now += 20ms;
        const std::array<std::uint8_t, 4> payload{
            static_cast<std::uint8_t>(event), static_cast<std::uint8_t>(end ? 0x8a : 0x0a),
            static_cast<std::uint8_t>(duration >> 8), static_cast<std::uint8_t>(duration & 0xff)};
        keep(receiver.receive(payload, rtp_time, now));
    }
    void wait(common::Duration duration) {
        now += duration;
        keep(receiver.poll(now));
    }
    void keep(const std::optional<Digit>& digit) {
        if (digit) digits.push_back(*digit);
    }

    Timestamp now = Timestamp::from_ns(1'000'000'000'000);
    TelephoneEventReceiver receiver{8000};
    std::vector<Digit> digits;
};

using Digits = std::vector<Digit>;

}  // namespace

TEST_CASE("An event's fields are read as on the wire") {
    const auto event = TelephoneEvent::parse(std::array<std::uint8_t, 4>{11, 0x8a, 0x03, 0x20});

    REQUIRE(event.has_value());
    CHECK(event->digit() == '#');
    CHECK(event->end);
    CHECK(event->volume_dbm0 == 10);
    CHECK(event->duration == 800);
}

TEST_CASE("Fifteen events are digits, those behind are not") {
    const auto digit_of = [](std::uint8_t event) { return TelephoneEvent{.event = event}.digit(); };

    CHECK(digit_of(0) == '0');
    CHECK(digit_of(10) == '*');
    CHECK(digit_of(12) == 'A');
    CHECK(digit_of(15) == 'D');
    CHECK_FALSE(digit_of(16).has_value());
}

TEST_CASE("A digit is reported once, at the first of its three end packets, with its duration") {
    Line line;

    line.packet(5, 1000, 160);
    line.packet(5, 1000, 320);
    line.packet(5, 1000, 480);
    CHECK(line.digits.empty());
    line.packet(5, 1000, 640, kEnd);
    line.packet(5, 1000, 640, kEnd);
    line.packet(5, 1000, 640, kEnd);
    line.wait(1s);

    CHECK(line.digits == Digits{{'5', 80ms}});
}

TEST_CASE("The same key pressed twice is two digits") {
    Line line;

    line.packet(1, 1000, 800, kEnd);
    line.packet(1, 3000, 800, kEnd);

    CHECK(line.digits == Digits{{'1', 100ms}, {'1', 100ms}});
}

TEST_CASE("A digit whose end packets were lost ends after 250 ms of silence") {
    Line line;
    line.packet(9, 1000, 160);
    line.packet(9, 1000, 320);
    CHECK(line.receiver.next_deadline() == line.now + 250ms);

    line.wait(249ms);
    CHECK(line.digits.empty());
    line.wait(1ms);
    line.packet(9, 1000, 480, kEnd);  // late, after all

    CHECK(line.digits == Digits{{'9', 40ms}});
    CHECK(line.receiver.counters().lost_ends == 1);
}

TEST_CASE("A digit whose end packets were lost ends where the next begins") {
    Line line;

    line.packet(1, 1000, 160);
    line.packet(2, 2000, 160);
    CHECK(line.digits == Digits{{'1', 20ms}});
    line.packet(2, 2000, 320, kEnd);

    CHECK(line.digits == Digits{{'1', 20ms}, {'2', 40ms}});
}

TEST_CASE("Of an event only one end packet need arrive, even right behind a lost end") {
    Line line;

    line.packet(1, 1000, 160);
    line.packet(2, 2000, 400, kEnd);
    CHECK(line.digits == Digits{{'1', 20ms}});
    line.wait(0ms);

    CHECK(line.digits == Digits{{'1', 20ms}, {'2', 50ms}});
    CHECK(line.receiver.counters().lost_ends == 1);
}

TEST_CASE("Packets out of order change nothing") {
    Line line;

    line.packet(5, 1000, 480);
    line.packet(5, 1000, 160);
    line.packet(5, 1000, 640, kEnd);
    line.packet(6, 3000, 160);
    line.packet(5, 1000, 640, kEnd);
    line.packet(6, 3000, 320, kEnd);

    CHECK(line.digits == Digits{{'5', 80ms}, {'6', 40ms}});
}

TEST_CASE("A key held for longer than the duration field counts goes on in segments") {
    Line line;

    line.packet(7, 1000, 0xf000);
    line.packet(7, 1000, 0xffff);
    line.packet(7, 1000 + 0xffff, 160);
    line.packet(7, 1000 + 0xffff, 0xffff);
    line.packet(7, 1000 + 2 * 0xffff, 801, kEnd);

    REQUIRE(line.digits.size() == 1);
    CHECK(line.digits[0] == Digit{'7', std::chrono::nanoseconds((2LL * 0xffff + 801) * 125'000)});
}

TEST_CASE("Short payloads and other events are counted and report nothing") {
    Line line;

    line.keep(line.receiver.receive(std::array<std::uint8_t, 3>{1, 2, 3}, 0, line.now));
    line.packet(16, 1000, 160, kEnd);

    CHECK(line.digits.empty());
    CHECK(line.receiver.counters().bad_packets == 1);
    CHECK(line.receiver.counters().other_events == 1);
}

TEST_CASE("After a pause an older RTP time is a new event: the peer began a new time line") {
    Line line;
    line.packet(1, 0x70000000, 160, kEnd);

    line.wait(3s);
    line.packet(1, 1000, 160, kEnd);

    CHECK(line.digits.size() == 2);
}

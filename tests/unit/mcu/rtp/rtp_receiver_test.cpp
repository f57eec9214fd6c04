#include "mcu/rtp/rtp_receiver.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using common::Timestamp;
using mcu::ReportBlock;
using mcu::RtpReceiver;
using Verdict = RtpReceiver::Verdict;

namespace {

const Timestamp kStart = Timestamp::from_ns(1'000'000'000'000);

/// Packets of 20 ms at 8 kHz, on time.
Verdict receive(RtpReceiver& receiver, std::uint16_t sequence) {
    return receiver.receive(sequence, sequence * 160U, 8000, kStart + sequence * 20ms);
}

RtpReceiver started_at(std::uint16_t sequence) {
    RtpReceiver receiver(42);
    receive(receiver, sequence);
    receive(receiver, static_cast<std::uint16_t>(sequence + 1));
    return receiver;
}

}  // namespace

TEST_CASE("A source is valid after two packets in sequence") {
    RtpReceiver receiver(42);

    CHECK(receive(receiver, 10) == Verdict::Probation);
    CHECK(receive(receiver, 12) == Verdict::Probation);
    CHECK_FALSE(receiver.valid());
    CHECK(receive(receiver, 13) == Verdict::Accepted);
    CHECK(receiver.valid());
    CHECK(receiver.received_count() == 2);
    CHECK(receiver.lost_count() == 0);
}

TEST_CASE("The extended sequence goes on across the 16-bit wrap") {
    RtpReceiver receiver = started_at(65533);
    const std::int64_t before = receiver.extended_sequence();

    CHECK(receive(receiver, 65535) == Verdict::Accepted);
    CHECK(receiver.extended_sequence() == before + 1);
    CHECK(receive(receiver, 1) == Verdict::Accepted);
    CHECK(receiver.extended_sequence() == before + 3);
    CHECK(receive(receiver, 0) == Verdict::Accepted);
    CHECK(receiver.extended_sequence() == before + 2);
    CHECK(receiver.lost_count() == 0);
    CHECK(receiver.make_report_block(kStart).highest_sequence == 0x10001);
}

TEST_CASE("Probation across the wrap loses nothing") {
    RtpReceiver receiver = started_at(65535);

    CHECK(receiver.valid());
    CHECK(receiver.lost_count() == 0);
    CHECK(receiver.make_report_block(kStart).highest_sequence == 0x10000);
}

TEST_CASE("A wide jump is believed when the next packet confirms it") {
    RtpReceiver receiver = started_at(100);
    const std::int64_t before = receiver.extended_sequence();

    CHECK(receive(receiver, 30000) == Verdict::Suspect);
    CHECK(receive(receiver, 30001) == Verdict::Restarted);
    CHECK(receiver.extended_sequence() > before + 0x10000);
    CHECK(receiver.lost_count() == 0);
    CHECK(receive(receiver, 30002) == Verdict::Accepted);
}

TEST_CASE("A single stray packet changes nothing") {
    RtpReceiver receiver = started_at(100);

    CHECK(receive(receiver, 30000) == Verdict::Suspect);
    CHECK(receive(receiver, 102) == Verdict::Accepted);
    CHECK(receive(receiver, 30001) == Verdict::Suspect);
    CHECK(receiver.lost_count() == 0);
}

TEST_CASE("The report block counts what was lost in its interval and in all") {
    RtpReceiver receiver = started_at(0);
    receive(receiver, 2);
    receive(receiver, 5);  // 3 and 4 never come: 2 of 6

    const ReportBlock first = receiver.make_report_block(kStart);
    receive(receiver, 6);
    receive(receiver, 7);
    const ReportBlock second = receiver.make_report_block(kStart);

    CHECK(first.ssrc == 42);
    CHECK(first.fraction_lost == 2 * 256 / 6);
    CHECK(first.cumulative_lost == 2);
    CHECK(first.highest_sequence == 5);
    CHECK(second.fraction_lost == 0);
    CHECK(second.cumulative_lost == 2);
}

TEST_CASE("Duplicates make the loss negative and no fraction") {
    RtpReceiver receiver = started_at(0);
    receive(receiver, 1);
    receive(receiver, 1);

    const ReportBlock block = receiver.make_report_block(kStart);

    CHECK(block.cumulative_lost == -2);
    CHECK(block.fraction_lost == 0);
}

TEST_CASE("Packets on time have no jitter, and one late by 16 ms adds a sixteenth of that") {
    RtpReceiver receiver = started_at(0);
    receive(receiver, 2);
    CHECK(receiver.jitter() == 0ms);

    receiver.receive(3, 3 * 160, 8000, kStart + 60ms + 16ms);

    CHECK(receiver.jitter() == 1ms);
}

TEST_CASE("The many packets of one picture are no jitter") {
    RtpReceiver receiver(1);
    for (std::uint16_t i = 0; i < 10; ++i) receiver.receive(i, 9000, 90000, kStart + i * 1ms);

    CHECK(receiver.jitter() == 0ms);
}

TEST_CASE("A packet that was sent again is no jitter, however late it comes") {
    RtpReceiver receiver = started_at(0);
    receive(receiver, 2);
    receive(receiver, 4);

    receiver.receive(3, 3 * 160, 8000, kStart + 80ms + 130ms);
    receiver.receive(5, 5 * 160, 8000, kStart + 100ms);

    CHECK(receiver.jitter() == 0ms);
}

TEST_CASE("A new time line is no jitter") {
    RtpReceiver receiver = started_at(0);

    receiver.receive(2, 0x80000000, 8000, kStart + 40ms);
    receiver.receive(3, 0x80000000 + 160, 8000, kStart + 60ms);

    CHECK(receiver.jitter() == 0ms);
}

TEST_CASE("The report block answers the last SR with its time and our delay") {
    RtpReceiver receiver = started_at(0);
    CHECK(receiver.make_report_block(kStart).last_sr == 0);

    receiver.on_sender_report({.ssrc = 42, .ntp = {0x1111222233334444}, .rtp_time = 0}, kStart);
    const ReportBlock block = receiver.make_report_block(kStart + 500ms);

    CHECK(block.last_sr == 0x22223333);
    CHECK(block.delay_since_last_sr == 0x8000);
}

TEST_CASE("After an SR the sender's time of each RTP time is known, across its wrap") {
    RtpReceiver receiver = started_at(0);
    CHECK_FALSE(receiver.sender_time(0, 8000).has_value());

    receiver.on_sender_report({.ssrc = 42, .ntp = {100ULL << 32}, .rtp_time = 0xffffffff - 3999},
                              kStart);

    CHECK(receiver.sender_time(4000, 8000) == 101s);
    CHECK(receiver.sender_time(0xffffffff - 7999, 8000) == 99500ms);
}

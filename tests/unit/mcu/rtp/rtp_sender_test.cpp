#include "mcu/rtp/rtp_sender.h"

#include <catch2/catch.hpp>

#include "tests/unit/mcu/rtp/rtcp_harness.h"
#include "tests/unit/mcu/rtp/test_packets.h"

using namespace std::chrono_literals;
using mcu::RtpSender;

namespace {

mcu::RtpPacket stamped(mcu::PacketPool& pool, RtpSender& sender, common::Timestamp media_time) {
    tests::Bytes datagram(mcu::kRtpHeaderBytes + 100);
    sender.stamp(datagram, true, media_time, media_time);
    return std::move(*mcu::RtpPacket::parse(pool.take_copy(datagram, media_time)));
}

}  // namespace

TEST_CASE("Sequence numbers follow each other and RTP time follows media time") {
    tests::RtcpHarness harness;
    mcu::PacketPool pool(4);
    RtpSender sender(harness.rtcp, {.payload_type = 96, .clock_rate_hz = 90'000},
                     harness.clock.now());

    const auto first = stamped(pool, sender, harness.clock.now());
    const auto second = stamped(pool, sender, harness.clock.now() + 40ms);

    CHECK(second.sequence() == static_cast<std::uint16_t>(first.sequence() + 1));
    CHECK(second.rtp_time() - first.rtp_time() == 3600);
    CHECK(second.ssrc() == sender.ssrc());
    CHECK(second.payload_type() == 96);
    CHECK(second.marker());
    CHECK(sender.packet_count() == 2);
    CHECK(sender.byte_count() == 224);
}

TEST_CASE("The first sequence number is far from the wrap") {
    mcu::PacketPool pool(4);
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        tests::RtcpHarness harness(false, false, seed);
        RtpSender sender(harness.rtcp, {.payload_type = 96, .clock_rate_hz = 90'000},
                         harness.clock.now());

        CHECK(stamped(pool, sender, harness.clock.now()).sequence() < 0x8000);
    }
}

TEST_CASE("Ticks of 20 ms are exactly 160 units apart for hours") {
    tests::RtcpHarness harness;
    RtpSender sender(harness.rtcp, {.payload_type = 0, .clock_rate_hz = 8000},
                     harness.clock.now() + 123457ns);

    std::uint32_t last = sender.rtp_time(harness.clock.now());
    for (int i = 1; i < 500'000; ++i) {
        const std::uint32_t next = sender.rtp_time(harness.clock.now() + i * 20ms);
        if (next - last != 160) FAIL("step of " << next - last << " at tick " << i);
        last = next;
    }
}

TEST_CASE("A codec change goes on from the RTP time there was, at the new pace") {
    tests::RtcpHarness harness;
    RtpSender sender(harness.rtcp, {.payload_type = 111, .clock_rate_hz = 48'000},
                     harness.clock.now());
    harness.clock.advance(10s);
    const std::uint32_t before = sender.rtp_time(harness.clock.now());

    sender.set_format({.payload_type = 0, .clock_rate_hz = 8000}, harness.clock.now());

    CHECK(sender.rtp_time(harness.clock.now()) == before);
    CHECK(sender.rtp_time(harness.clock.now() + 20ms) == before + 160);
}

TEST_CASE("A telephone event rides on the stream's sequence with a time of its own") {
    tests::RtcpHarness harness;
    mcu::PacketPool pool(2);
    RtpSender sender(harness.rtcp, {.payload_type = 0, .clock_rate_hz = 8000}, harness.clock.now());
    const auto voice = stamped(pool, sender, harness.clock.now());
    tests::Bytes datagram(mcu::kRtpHeaderBytes + 4);

    sender.stamp_as(101, 12345, datagram, false, harness.clock.now());
    const auto event = mcu::RtpPacket::parse(pool.take_copy(datagram, {}));

    CHECK(event->payload_type() == 101);
    CHECK(event->rtp_time() == 12345);
    CHECK(event->sequence() == static_cast<std::uint16_t>(voice.sequence() + 1));
}

TEST_CASE("A sender report maps its moment to the RTP time of that moment") {
    tests::RtcpHarness harness;
    mcu::PacketPool pool(2);
    RtpSender sender(harness.rtcp, {.payload_type = 96, .clock_rate_hz = 90'000},
                     harness.clock.now());
    const auto packet = stamped(pool, sender, harness.clock.now());
    const mcu::NtpClock ntp(harness.clock.now(), 1'700'000'000s);

    const mcu::SenderInfo info = sender.sender_info(harness.clock.now() + 2s, ntp);

    CHECK(info.ntp.seconds() == 1'700'000'002U + 2'208'988'800U);
    CHECK(info.rtp_time - packet.rtp_time() == 180'000);
    CHECK(info.packet_count == 1);
    CHECK(info.octet_count == 100);
}

TEST_CASE("Each stream has its own SSRC, and one that is made anew never the old one") {
    tests::RtcpHarness harness;
    auto first =
        std::make_unique<RtpSender>(harness.rtcp, RtpSender::Format{}, harness.clock.now());
    const RtpSender second(harness.rtcp, {}, harness.clock.now());
    const std::uint32_t old = first->ssrc();

    CHECK(old != second.ssrc());
    first.reset();
    const RtpSender again(harness.rtcp, {}, harness.clock.now());

    CHECK(again.ssrc() != old);
    CHECK(again.ssrc() != second.ssrc());
}

TEST_CASE("Packets that went nowhere give their numbers back and are not counted") {
    tests::RtcpHarness harness;
    mcu::PacketPool pool(4);
    RtpSender sender(harness.rtcp, {.payload_type = 96, .clock_rate_hz = 90'000},
                     harness.clock.now());
    const auto first = stamped(pool, sender, harness.clock.now());
    const auto second = stamped(pool, sender, harness.clock.now());
    (void)stamped(pool, sender, harness.clock.now());

    sender.take_back(second.sequence(), 2, 224);

    CHECK(sender.next_sequence() == static_cast<std::uint16_t>(first.sequence() + 1));
    CHECK(sender.packet_count() == 1);
    CHECK(sender.byte_count() == 112);
}

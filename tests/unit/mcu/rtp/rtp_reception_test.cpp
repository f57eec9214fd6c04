#include "mcu/rtp/rtp_reception.h"

#include <catch2/catch.hpp>

#include "mcu/rtp/rtp_sender.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/mcu/rtp/rtcp_harness.h"
#include "tests/unit/mcu/rtp/test_packets.h"

using namespace std::chrono_literals;
using mcu::RtpReception;

namespace {

struct Delivered final : mcu::RtpPacketSink {
    void on_stream_started(std::uint32_t ssrc) override { streams.push_back(ssrc); }
    void on_rtp(mcu::RtpPacket packet, std::int64_t extended) override {
        sequences.push_back(packet.sequence());
        last_extended = extended;
    }
    std::vector<std::uint32_t> streams;
    std::vector<std::uint16_t> sequences;
    std::int64_t last_extended = 0;
};

struct Harness : tests::RtcpHarness {
    Harness() : reception(rtcp, sink) { reception.set_clock_rate(96, 90'000); }
    void receive(std::uint32_t ssrc, std::uint16_t sequence) {
        reception.receive(
            tests::packet_of(pool, {.sequence = sequence, .ssrc = ssrc, .arrival = clock.now()}));
    }

    mcu::PacketPool pool{8};
    Delivered sink;
    RtpReception reception;
};

using Sequences = std::vector<std::uint16_t>;
using Streams = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("The packet held in probation comes out before the one that ends it") {
    Harness harness;

    harness.receive(7, 100);
    CHECK(harness.sink.sequences.empty());
    harness.receive(7, 101);

    CHECK(harness.sink.streams == Streams{7});
    CHECK(harness.sink.sequences == Sequences{100, 101});
}

TEST_CASE("A payload type nobody told of is dropped and counted") {
    Harness harness;

    harness.reception.receive(tests::packet_of(harness.pool, {.payload_type = 97}));

    CHECK(harness.reception.counters().unknown_payload_type == 1);
    CHECK(harness.pool.in_use() == 0);
}

TEST_CASE("A new SSRC takes over after its probation") {
    Harness harness;
    harness.receive(7, 100);
    harness.receive(7, 101);

    harness.receive(8, 500);
    harness.receive(8, 501);
    harness.receive(8, 502);

    CHECK(harness.sink.streams == Streams{7, 8});
    CHECK(harness.sink.sequences == Sequences{100, 101, 500, 501, 502});
    CHECK(harness.reception.counters().ssrc_changes == 1);
}

TEST_CASE("Two SSRCs that send at once do not take turns") {
    Harness harness;

    for (std::uint16_t i = 0; i < 50; ++i) {
        harness.receive(7, i);
        harness.receive(8, static_cast<std::uint16_t>(1000 + i));
        harness.clock.advance(20ms);
    }

    CHECK(harness.sink.streams.size() <= 2);
}

TEST_CASE("A displaced SSRC comes back when the one heard is silent for a second") {
    Harness harness;
    for (const std::uint32_t ssrc : {7U, 8U}) {
        harness.receive(ssrc, 100);
        harness.receive(ssrc, 101);
    }

    harness.receive(7, 102);
    harness.receive(7, 103);
    CHECK(harness.sink.streams == Streams{7, 8});
    harness.clock.advance(1s);
    harness.receive(7, 104);

    CHECK(harness.sink.streams == Streams{7, 8, 7});
    CHECK(harness.sink.sequences.back() == 104);
}

TEST_CASE("After a BYE the next stream takes over at once") {
    Harness harness;
    for (const std::uint32_t ssrc : {7U, 8U}) {
        harness.receive(ssrc, 100);
        harness.receive(ssrc, 101);
    }

    harness.reception.on_bye(8);
    harness.receive(7, 102);
    harness.receive(7, 103);

    CHECK(harness.sink.streams == Streams{7, 8, 7});
}

TEST_CASE("A sender that restarts is a new stream and loses no packet of it") {
    Harness harness;
    harness.receive(7, 100);
    harness.receive(7, 101);
    const std::int64_t before = harness.sink.last_extended;

    harness.receive(7, 40000);
    harness.receive(7, 40001);

    CHECK(harness.sink.streams == Streams{7, 7});
    CHECK(harness.sink.sequences == Sequences{100, 101, 40000, 40001});
    CHECK(harness.sink.last_extended > before);
    CHECK(harness.reception.counters().suspect == 0);
}

TEST_CASE("A packet under our own SSRC is a collision: dropped, and our stream takes another") {
    Harness harness;
    mcu::RtpSender sender(harness.rtcp, {.payload_type = 96}, harness.clock.now());
    const std::uint32_t ours = sender.ssrc();

    harness.receive(ours, 1);
    harness.receive(ours, 2);

    CHECK(harness.sink.sequences.empty());
    CHECK(sender.ssrc() != ours);
    REQUIRE(harness.events.ssrc_changes.size() == 1);
    CHECK(harness.events.ssrc_changes[0].first == ours);
    CHECK(harness.events.ssrc_changes[0].second == sender.ssrc());
}

TEST_CASE("Losses of earlier streams stay counted") {
    Harness harness;
    for (const std::uint16_t sequence : Sequences{100, 101, 104}) harness.receive(7, sequence);
    for (const std::uint16_t sequence : Sequences{5, 6, 8}) harness.receive(8, sequence);

    CHECK(harness.reception.lost_count() == 3);
}

TEST_CASE("RtpReception lets a steady stream through without allocating") {
    Harness harness;
    harness.receive(7, 0);
    harness.receive(7, 1);
    harness.sink.sequences.reserve(1000);
    const tests::Bytes datagram = tests::datagram_of({.sequence = 2, .ssrc = 7});

    tests::AllocationCounter allocations;
    for (std::uint8_t i = 2; i < 200; ++i) {
        auto buffer = harness.pool.take_copy(datagram, harness.clock.now());
        buffer->storage[3] = i;
        harness.reception.receive(std::move(*mcu::RtpPacket::parse(std::move(buffer))));
    }

    CHECK(allocations.count() == 0);
    CHECK(harness.sink.sequences.size() == 200);
}

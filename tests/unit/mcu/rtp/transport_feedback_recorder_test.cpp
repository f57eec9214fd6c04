#include "mcu/rtp/transport_feedback_recorder.h"

#include <array>
#include <catch2/catch.hpp>
#include <string_view>
#include <vector>

#include "mcu/rtp/rtcp/transport_feedback.h"
#include "mcu/rtp/rtp_sender.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/mcu/rtp/rtcp_harness.h"
#include "tests/unit/mcu/rtp/test_packets.h"

using namespace mcu;
using namespace std::chrono_literals;
using common::Timestamp;
using tests::Bytes;

namespace {

constexpr Timestamp kStart = Timestamp::from_ns(1'000'000'000'000);

struct Told {
    std::uint16_t base = 0;
    std::uint8_t number = 0;
    std::vector<bool> came;
};

std::optional<Told> feedback(TransportFeedbackRecorder& recorder, Timestamp now,
                             std::size_t most_bytes = 1000) {
    Bytes bytes;
    common::ByteWriter writer(bytes);
    if (!recorder.write(1, 2, now, most_bytes, writer)) return std::nullopt;
    const auto parsed = TransportFeedback::parse({.count_or_format = TransportFeedback::kFormat,
                                                  .type = 205,
                                                  .body = std::span(bytes).subspan(4)});
    REQUIRE(parsed.has_value());
    Told told{parsed->base_sequence, parsed->number, {}};
    parsed->for_each(
        [&](std::uint16_t, auto arrival) { told.came.push_back(arrival.has_value()); });
    return told;
}

}  // namespace

TEST_CASE("The first packet is told at once, the next ones after the interval") {
    TransportFeedbackRecorder recorder;
    CHECK_FALSE(recorder.next_deadline().has_value());
    recorder.on_packet(65535, kStart);
    REQUIRE(recorder.due(kStart));
    CHECK(feedback(recorder, kStart)->base == 65535);
    CHECK_FALSE(recorder.next_deadline().has_value());

    recorder.on_packet(0, kStart + 10ms);
    CHECK(recorder.next_deadline() == kStart + TransportFeedbackRecorder::kInterval);
    recorder.on_packet(2, kStart + 30ms);
    const auto told = feedback(recorder, kStart + 100ms);
    REQUIRE(told.has_value());
    CHECK(told->base == 0);
    CHECK(told->number == 1);
    CHECK(told->came == std::vector<bool>{true, false, true});
    CHECK_FALSE(feedback(recorder, kStart + 200ms).has_value());
}

TEST_CASE("A packet that comes late is told late, with those behind it again") {
    TransportFeedbackRecorder recorder;
    for (const std::uint16_t sequence : std::array<std::uint16_t, 3>{10, 12, 13})
        recorder.on_packet(sequence, kStart);
    CHECK(feedback(recorder, kStart)->came == std::vector<bool>{true, false, true, true});
    recorder.on_packet(11, kStart + 50ms);
    recorder.on_packet(12, kStart + 60ms);  // twice
    const auto told = feedback(recorder, kStart + 100ms);
    REQUIRE(told.has_value());
    CHECK(told->base == 11);
    CHECK(told->came == std::vector<bool>{true, true, true});
}

TEST_CASE("One that comes much too late is not told") {
    TransportFeedbackRecorder recorder;
    for (std::uint16_t sequence = 0; sequence < 600; ++sequence) {
        if (sequence != 5) recorder.on_packet(sequence, kStart);
    }
    while (feedback(recorder, kStart)) {
    }
    recorder.on_packet(5, kStart + 1s);
    CHECK_FALSE(recorder.next_deadline().has_value());
}

TEST_CASE("What does not fit one packet goes on in the next") {
    TransportFeedbackRecorder recorder;
    for (std::uint16_t i = 0; i < 500; ++i) recorder.on_packet(i, kStart + i * 70ms);
    std::size_t told = 0;
    int packets = 0;
    while (const auto one = feedback(recorder, kStart + 40s, 300)) {
        CHECK(one->base == told);
        CHECK(one->number == packets++);
        told += one->came.size();
    }
    CHECK(told == 500);
    CHECK(packets > 2);
}

TEST_CASE("A jump over the whole window is another line of numbers") {
    TransportFeedbackRecorder recorder;
    recorder.on_packet(100, kStart);
    CHECK(feedback(recorder, kStart).has_value());
    for (const std::uint16_t base : std::array<std::uint16_t, 2>{30000, 7}) {
        recorder.on_packet(base, kStart + 1s);
        recorder.on_packet(static_cast<std::uint16_t>(base + 1), kStart + 1s);
        const auto told = feedback(recorder, kStart + 1s);
        REQUIRE(told.has_value());
        CHECK(told->base == base);
        CHECK(told->came.size() == 2);
    }
}

TEST_CASE("A loss of nearly the whole window is told as one") {
    TransportFeedbackRecorder recorder;
    recorder.on_packet(1, kStart);
    CHECK(feedback(recorder, kStart).has_value());
    recorder.on_packet(1001, kStart + 1s);
    const auto told = feedback(recorder, kStart + 1s);
    REQUIRE(told.has_value());
    CHECK(told->base == 2);
    CHECK(told->came.size() == 1000);
}

TEST_CASE("A pause too long for one packet makes two") {
    TransportFeedbackRecorder recorder;
    recorder.on_packet(1, kStart);
    recorder.on_packet(2, kStart + 20s);
    CHECK(feedback(recorder, kStart + 20s)->came.size() == 1);
    CHECK_FALSE(recorder.due(kStart + 20s));
    REQUIRE(recorder.due(kStart + 20s + TransportFeedbackRecorder::kInterval));
    CHECK(feedback(recorder, kStart + 21s)->base == 2);
    CHECK_FALSE(recorder.due(kStart + 30s));
}

TEST_CASE("Recording and telling allocate nothing") {
    TransportFeedbackRecorder recorder;
    Bytes bytes;
    bytes.reserve(4000);
    std::uint16_t sequence = 65'000;
    const tests::AllocationCounter allocations;
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 100; ++i) recorder.on_packet(sequence++, kStart + round * 100ms);
        common::ByteWriter writer(bytes);
        recorder.write(1, 2, kStart + round * 100ms, 1000, writer);
        bytes.clear();
    }
    CHECK(allocations.count() == 0);
}

TEST_CASE("A session tells its peer what came, and hears what the peer got") {
    struct Hearing final : RtcpObserver {
        void on_start_wanted(std::uint32_t) override {}
        void on_key_frame_wanted(std::uint32_t) override {}
        void on_bye(std::uint32_t) override {}
        void on_ssrc_changed(std::uint32_t, std::uint32_t) override {}
        void on_packets_missed(std::uint32_t, std::span<const std::uint16_t>) override {}
        void on_bitrate_limited(std::uint32_t, common::Bitrate) override {}
        void on_transport_feedback(const TransportFeedback& feedback) override {
            feedback.for_each([this](std::uint16_t sequence, auto arrival) {
                if (arrival) arrived.push_back(sequence);
            });
        }
        std::vector<std::uint16_t> arrived;
    } hearing;
    tests::RtcpHarness here;
    here.next_datagram();  // the first regular report
    RtcpSession peer({.cname = "peer", .seed = 2, .ntp = NtpClock(kStart, {})}, hearing, kStart);

    here.rtcp.on_transport_packet(7, 1, here.clock.now());
    CHECK(here.poll().empty());  // not agreed

    here.rtcp.set_transport_feedback(true);
    here.rtcp.on_transport_packet(7, 1, here.clock.now());
    CHECK(here.rtcp.next_deadline() == here.clock.now());
    const Bytes first = here.poll();
    REQUIRE_FALSE(first.empty());
    CHECK(here.rtcp.transport_feedback_sent() == 1);
    CHECK(here.rtcp.next_deadline() > here.clock.now());

    peer.receive(first, kStart);
    CHECK(peer.counters().transport_feedback_unwanted == 1);
    peer.set_transport_feedback(true);
    peer.receive(first, kStart);
    CHECK(hearing.arrived == std::vector<std::uint16_t>{1});
    CHECK(peer.counters().received.bad_packets == 0);
}

TEST_CASE("A peer that knows REMB only is limited by it, and limits us by it") {
    tests::RtcpHarness here;
    here.next_datagram();
    here.rtcp.limit_sender(7, common::Bitrate::from_kbps(300), here.clock.now());
    CHECK(here.poll().empty());
    here.rtcp.set_remb(true);
    here.rtcp.limit_sender(7, common::Bitrate::from_kbps(300), here.clock.now());
    const Bytes asked = here.poll();
    REQUIRE(asked.size() > 24);
    const std::string_view name(reinterpret_cast<const char*>(asked.data() + asked.size() - 12), 4);
    CHECK(name == "REMB");
    CHECK(here.rtcp.bitrate_requests_sent() == 1);

    const RtpSender sender(here.rtcp, {.payload_type = 96}, here.clock.now());
    Bytes remb{0x80, 201, 0, 1, 0, 0, 0, 9};
    common::ByteWriter writer(remb);
    const std::array<std::uint32_t, 2> streams{sender.ssrc(), 12345};
    write_receiver_estimated_bitrate(9, common::Bitrate::from_kbps(250), streams, writer);
    here.rtcp.receive(remb, here.clock.now());
    CHECK(here.events.limits == std::vector<std::int64_t>{250'000});
    CHECK(here.rtcp.counters().foreign_feedback == 1);

    here.rtcp.set_remb(false);
    here.rtcp.receive(remb, here.clock.now());
    CHECK(here.rtcp.counters().bitrate_requests_unwanted == 1);
}

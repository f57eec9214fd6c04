#include "mcu/rtp/rtcp_session.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "common/byte_reader.h"
#include "mcu/rtp/rtp_reception.h"
#include "mcu/rtp/rtp_sender.h"
#include "tests/unit/mcu/rtp/rtcp_harness.h"
#include "tests/unit/mcu/rtp/test_packets.h"

using namespace std::chrono_literals;
using namespace mcu;
using tests::Bytes;
using tests::RtcpHarness;

namespace {

/// The types of a compound's packets, in order.
std::vector<int> types_of(std::span<const std::uint8_t> datagram) {
    std::vector<int> types;
    while (datagram.size() >= 4) {
        types.push_back(datagram[1]);
        const unsigned words = 256U * datagram[2] + datagram[3];
        datagram = datagram.subspan(4U * (1U + words));
    }
    return types;
}

std::uint32_t u32_at(const Bytes& bytes, std::size_t at) {
    return common::ByteReader(std::span(bytes).subspan(at, 4)).u32();
}

Bytes pli_for(std::uint32_t media_ssrc) {
    Bytes out;
    common::ByteWriter writer(out);
    write_receiver_report(99, {}, writer);
    write_picture_loss_indication({.sender_ssrc = 99, .media_ssrc = media_ssrc}, writer);
    return out;
}

Bytes fir_for(std::uint32_t media_ssrc, std::uint8_t sequence) {
    Bytes out;
    common::ByteWriter writer(out);
    write_full_intra_request(99, {.media_ssrc = media_ssrc, .sequence = sequence}, writer);
    return out;
}

struct NoSink final : RtpPacketSink {
    void on_stream_started(std::uint32_t) override {}
    void on_rtp(RtpPacket, std::int64_t) override {}
};

struct SendingHarness : RtcpHarness {
    explicit SendingHarness(std::uint64_t seed = 1)
        : RtcpHarness(true, true, seed), sender(rtcp, {.payload_type = 96}, clock.now()) {}
    void send_packet() {
        Bytes datagram(112);
        sender.stamp(datagram, true, clock.now(), clock.now());
    }
    RtpSender sender;
};

}  // namespace

TEST_CASE("Who only receives reports with RR and CNAME") {
    RtcpHarness harness;

    const Bytes report = harness.next_datagram();

    CHECK(types_of(report) == std::vector{201, 202});
    CHECK(u32_at(report, 4) == harness.rtcp.report_ssrc());
}

TEST_CASE("Who sends reports with SR, and with RR again ten seconds after the last packet") {
    SendingHarness harness;
    CHECK(types_of(harness.next_datagram()) == std::vector{201, 202});

    harness.send_packet();
    const Bytes report = harness.next_datagram();
    CHECK(types_of(report) == std::vector{200, 202});
    CHECK(u32_at(report, 4) == harness.sender.ssrc());
    CHECK(u32_at(report, 20) == 1);    // packets
    CHECK(u32_at(report, 24) == 100);  // octets

    harness.clock.advance(10s);
    CHECK(types_of(harness.next_datagram()) == std::vector{201, 202});
}

TEST_CASE("The reports of a minute keep within five percent of the bandwidth") {
    SendingHarness harness;
    const auto end = harness.clock.now() + 60s;
    std::size_t bytes = 0;
    std::size_t count = 0;

    while (harness.clock.now() < end) {
        bytes += harness.next_datagram().size() + 28;
        ++count;
        harness.send_packet();
    }

    CHECK(static_cast<double>(bytes) * 8 / 60 < 1'000'000 * 0.05);
    CHECK(count > 60);
    CHECK(count < 240);
}

TEST_CASE("A source heard since the last report has a block in the next, and then no more") {
    RtcpHarness harness;
    NoSink sink;
    PacketPool pool(4);
    RtpReception reception(harness.rtcp, sink);
    reception.set_clock_rate(96, 90'000);
    for (const std::uint16_t sequence : std::array<std::uint16_t, 3>{1, 2, 4}) {
        reception.receive(tests::packet_of(
            pool, {.sequence = sequence, .ssrc = 7, .arrival = harness.clock.now()}));
    }

    const Bytes first = harness.next_datagram();
    const Bytes second = harness.next_datagram();

    CHECK((first[0] & 0x1f) == 1);
    CHECK(u32_at(first, 8) == 7);
    CHECK(u32_at(first, 12) == (0x40000001));  // a quarter, one in all
    CHECK((second[0] & 0x1f) == 0);
}

TEST_CASE("The round trip is what remains of the time since our SR after the peer's delay") {
    SendingHarness harness;
    NoSink sink;
    harness.send_packet();
    const Bytes report = harness.next_datagram();
    const std::uint32_t last_sr = u32_at(report, 8) << 16 | u32_at(report, 12) >> 16;
    Bytes answer;
    common::ByteWriter writer(answer);
    const std::array<ReportBlock, 1> blocks{ReportBlock{.ssrc = harness.sender.ssrc(),
                                                        .fraction_lost = 64,
                                                        .cumulative_lost = 5,
                                                        .last_sr = last_sr,
                                                        .delay_since_last_sr = 0x8000}};
    write_receiver_report(99, blocks, writer);

    harness.clock.advance(500ms + 80ms);
    harness.rtcp.receive(answer, harness.clock.now());
    const auto view = harness.rtcp.remote_view(harness.sender.ssrc());

    REQUIRE(view.has_value());
    REQUIRE(view->round_trip.has_value());
    CHECK(std::chrono::abs(*view->round_trip - 80ms) < 1ms);
    CHECK(view->loss_fraction == 0.25);
    CHECK(view->cumulative_lost == 5);
}

TEST_CASE("A round trip that rounding makes less than nothing is known all the same") {
    SendingHarness harness;
    NoSink sink;
    harness.send_packet();
    const Bytes report = harness.next_datagram();
    Bytes answer;
    common::ByteWriter writer(answer);
    const std::array<ReportBlock, 1> blocks{
        ReportBlock{.ssrc = harness.sender.ssrc(),
                    .last_sr = u32_at(report, 8) << 16 | u32_at(report, 12) >> 16,
                    .delay_since_last_sr = 0x8001}};
    write_receiver_report(99, blocks, writer);

    harness.clock.advance(500ms);
    harness.rtcp.receive(answer, harness.clock.now());

    const auto view = harness.rtcp.remote_view(harness.sender.ssrc());
    REQUIRE(view.has_value());
    CHECK(view->round_trip.value_or(0ns) > 0ns);
    CHECK(view->round_trip.value_or(1s) < 1ms);
}

TEST_CASE("The peer's SR reaches the receiver of its stream") {
    RtcpHarness harness;
    NoSink sink;
    PacketPool pool(4);
    RtpReception reception(harness.rtcp, sink);
    reception.set_clock_rate(96, 90'000);
    for (const std::uint16_t sequence : std::array<std::uint16_t, 2>{1, 2}) {
        reception.receive(tests::packet_of(
            pool, {.sequence = sequence, .ssrc = 7, .arrival = harness.clock.now()}));
    }
    Bytes report;
    common::ByteWriter writer(report);
    write_sender_report({.ssrc = 7, .ntp = {0x0000000500000000}, .rtp_time = 90'000}, {}, writer);
    write_source_description(7, "them@there", writer);

    harness.rtcp.receive(report, harness.clock.now());

    CHECK(reception.active()->sender_time(180'000, 90'000) == 6s);
    CHECK(harness.rtcp.remote_cname() == "them@there");
}

TEST_CASE("A key frame is asked for at once by PLI, then once a second while it does not come") {
    RtcpHarness harness(true, true);
    harness.rtcp.want_key_frame(7, harness.clock.now());
    harness.rtcp.want_key_frame(7, harness.clock.now());

    const Bytes first = harness.poll();
    CHECK(types_of(first) == std::vector{201, 202, 206});
    CHECK(u32_at(first, first.size() - 4) == 7);
    for (int i = 0; i < 40; ++i) {
        harness.clock.advance(100ms);
        harness.poll();
    }
    CHECK(harness.rtcp.counters().plis_sent == 5);

    harness.rtcp.key_frame_arrived(7);
    harness.clock.advance(5s);
    harness.poll();
    CHECK(harness.rtcp.counters().plis_sent == 5);
}

TEST_CASE("A new need within a second of the last asking waits for its second") {
    RtcpHarness harness(true, false);
    harness.rtcp.want_key_frame(7, harness.clock.now());
    harness.poll();
    harness.rtcp.key_frame_arrived(7);
    harness.clock.advance(300ms);

    harness.rtcp.want_key_frame(7, harness.clock.now());
    harness.poll();
    CHECK(harness.rtcp.counters().plis_sent == 1);
    CHECK(harness.rtcp.next_deadline() <= harness.clock.now() + 700ms);
    harness.clock.advance(700ms);
    harness.poll();

    CHECK(harness.rtcp.counters().plis_sent == 2);
}

TEST_CASE("FIR repeats its sequence number while the need stands, and counts on for the next") {
    RtcpHarness harness(false, true);
    std::vector<int> sequences;
    const auto ask = [&] {
        const Bytes datagram = harness.poll();
        if (types_of(datagram).back() == 206) sequences.push_back(datagram[datagram.size() - 4]);
    };

    harness.rtcp.want_key_frame(7, harness.clock.now());
    ask();
    harness.clock.advance(1s);
    ask();
    harness.rtcp.key_frame_arrived(7);
    harness.clock.advance(1s);
    harness.rtcp.want_key_frame(7, harness.clock.now());
    ask();

    CHECK(sequences == std::vector{1, 1, 2});
}

TEST_CASE("A peer without feedback is asked by signalling, once a second") {
    RtcpHarness harness(false, false);
    harness.rtcp.want_key_frame(7, harness.clock.now());

    for (int i = 0; i <= 20; ++i) {
        harness.poll();
        harness.clock.advance(100ms);
    }

    CHECK(harness.events.key_frames_wanted == std::vector<std::uint32_t>{7, 7, 7});
}

TEST_CASE("A PLI asks for a start, and a storm of them for ten a second") {
    SendingHarness harness;
    const Bytes pli = pli_for(harness.sender.ssrc());

    for (int i = 0; i < 100; ++i) {
        harness.rtcp.receive(pli, harness.clock.now());
        harness.clock.advance(10ms);
    }

    CHECK(harness.rtcp.counters().plis_received == 100);
    CHECK(harness.events.starts_wanted.size() == 10);
    CHECK(harness.events.starts_wanted[0] == harness.sender.ssrc());
}

TEST_CASE("A repeated FIR is the same request, another number another") {
    SendingHarness harness;
    const auto receive = [&](std::uint8_t sequence) {
        harness.rtcp.receive(fir_for(harness.sender.ssrc(), sequence), harness.clock.now());
        harness.clock.advance(500ms);
    };

    receive(3);
    receive(3);
    receive(3);
    CHECK(harness.events.starts_wanted.size() == 1);
    receive(4);

    CHECK(harness.events.starts_wanted.size() == 2);
    CHECK(harness.rtcp.counters().fir_repetitions == 2);
}

TEST_CASE("Feedback about somebody else's stream is counted and nothing else") {
    SendingHarness harness;

    harness.rtcp.receive(pli_for(harness.sender.ssrc() + 1), harness.clock.now());
    harness.rtcp.receive(fir_for(harness.sender.ssrc() + 1, 1), harness.clock.now());

    CHECK(harness.events.starts_wanted.empty());
    CHECK(harness.rtcp.counters().foreign_feedback == 2);
}

TEST_CASE("A BYE is told") {
    RtcpHarness harness;
    Bytes bye;
    common::ByteWriter writer(bye);
    const std::array<std::uint32_t, 1> ssrcs{7};
    write_receiver_report(7, {}, writer);
    write_bye(ssrcs, "", writer);

    harness.rtcp.receive(bye, harness.clock.now());

    CHECK(harness.events.byes == std::vector<std::uint32_t>{7});
}

TEST_CASE("The goodbye is a whole compound with all our SSRCs") {
    SendingHarness harness;
    const RtpSender second(harness.rtcp, {}, harness.clock.now());
    harness.send_packet();
    Bytes out(RtcpSession::kRtcpMaxBytes);

    out.resize(harness.rtcp.write_goodbye(harness.clock.now(), "end of call", out));

    CHECK(types_of(out) == std::vector{200, 202, 201, 202, 203});
}

TEST_CASE("After a collision the old SSRC says BYE, and a loop does not make us change again") {
    SendingHarness harness;
    const std::uint32_t old = harness.sender.ssrc();

    CHECK(harness.rtcp.on_remote_ssrc(old, harness.clock.now()));
    const std::uint32_t fresh = harness.sender.ssrc();
    const Bytes bye = harness.poll();
    CHECK(types_of(bye) == std::vector{201, 202, 203});
    CHECK(u32_at(bye, bye.size() - 4) == old);

    harness.clock.advance(1s);
    CHECK(harness.rtcp.on_remote_ssrc(fresh, harness.clock.now()));
    CHECK(harness.sender.ssrc() == fresh);
    CHECK(harness.events.ssrc_changes.size() == 1);
}

TEST_CASE("However much is due at once, a datagram stays within its bound") {
    SendingHarness harness;
    NoSink sink;
    std::vector<std::unique_ptr<RtpSender>> more;
    for (int i = 0; i < 40; ++i)
        more.push_back(
            std::make_unique<RtpSender>(harness.rtcp, RtpSender::Format{}, harness.clock.now()));
    more.clear();
    for (int i = 0; i < 40; ++i)
        more.push_back(
            std::make_unique<RtpSender>(harness.rtcp, RtpSender::Format{}, harness.clock.now()));
    for (std::uint32_t ssrc = 1; ssrc < 40; ++ssrc)
        harness.rtcp.want_key_frame(ssrc, harness.clock.now());
    harness.clock.advance(10s);
    harness.send_packet();

    for (int i = 0; i < 10; ++i)
        CHECK(harness.next_datagram().size() <= RtcpSession::kRtcpMaxBytes);
}

TEST_CASE("Missing packets are asked for at once, once, behind a report and a name") {
    RtcpHarness h;
    h.next_datagram();  // the regular one is out of the way

    h.rtcp.request_packets(7, std::array<std::uint16_t, 2>{20, 22}, h.clock.now());
    CHECK(h.rtcp.next_deadline() <= h.clock.now());
    const Bytes out = h.poll();

    CHECK(types_of(out) == std::vector<int>{201, 202, 205});
    CHECK(u32_at(out, out.size() - 8) == 7);
    CHECK(u32_at(out, out.size() - 4) == (20U << 16 | 2U));
    CHECK(h.poll().empty());
    CHECK(h.rtcp.counters().nacks_sent == 1);
}

TEST_CASE("What the peer misses of our stream is told; of others it is counted") {
    SendingHarness h;
    Bytes nack;
    common::ByteWriter writer(nack);
    write_generic_nack(99, h.sender.ssrc(), std::array<std::uint16_t, 3>{1, 2, 30}, writer);
    write_generic_nack(99, h.sender.ssrc() + 1, std::array<std::uint16_t, 1>{5}, writer);

    h.rtcp.receive(nack, h.clock.now());

    CHECK(h.events.missed == std::vector<std::uint16_t>{1, 2, 30});
    CHECK(h.rtcp.counters().foreign_feedback == 1);
}

namespace {

Bytes bitrate_requests(std::uint32_t ssrc, std::span<const std::int64_t> kbps) {
    Bytes requests;
    common::ByteWriter writer(requests);
    for (const std::int64_t limit : kbps) {
        write_temporary_bitrate(TemporaryBitrate::kRequestFormat, 99,
                                {.ssrc = ssrc, .limit = common::Bitrate::from_kbps(limit)}, writer);
    }
    return requests;
}

}  // namespace

TEST_CASE("A TMMBR is told when it changes, and confirmed each time") {
    SendingHarness h;
    h.rtcp.set_feedback(true, true, true);
    h.next_datagram();
    const auto ask = [&](std::int64_t kbps) {
        h.rtcp.receive(bitrate_requests(h.sender.ssrc(), std::array{kbps}), h.clock.now());
        return h.poll();
    };

    const Bytes confirmed = ask(300);
    CHECK(types_of(confirmed) == std::vector<int>{201, 202, 205});
    CHECK((confirmed[confirmed.size() - 20] & 0x1f) == TemporaryBitrate::kNotificationFormat);
    CHECK(u32_at(confirmed, confirmed.size() - 8) == 99);
    CHECK_FALSE(ask(300).empty());
    h.clock.advance(BitrateLimit::kTellInterval);
    CHECK_FALSE(ask(128).empty());

    CHECK(h.events.limits == std::vector<std::int64_t>{300'000, 128'000});
}

TEST_CASE("A flood of TMMBRs is told twice a second, and the last of it in the end") {
    SendingHarness h;
    h.rtcp.set_feedback(true, true, true);
    h.next_datagram();
    const std::array<std::int64_t, 4> changing{300, 200, 300, 200};
    const Bytes flood = bitrate_requests(h.sender.ssrc(), changing);

    h.rtcp.receive(flood, h.clock.now());
    CHECK(h.events.limits == std::vector<std::int64_t>{200'000});

    h.rtcp.receive(bitrate_requests(h.sender.ssrc(), std::array<std::int64_t, 1>{400}),
                   h.clock.now());
    for (int i = 0; i < 100; ++i) {
        h.clock.advance(10ms);
        h.rtcp.receive(flood, h.clock.now());
        while (!h.poll().empty()) {
        }
    }
    CHECK(h.events.limits.size() <= 3);

    h.rtcp.receive(bitrate_requests(h.sender.ssrc(), std::array<std::int64_t, 1>{128}),
                   h.clock.now());
    h.clock.advance(BitrateLimit::kTellInterval);
    CHECK(h.rtcp.next_deadline() <= h.clock.now());
    h.poll();
    CHECK(h.events.limits.back() == 128'000);
}

TEST_CASE("A TMMBR that was not agreed limits nothing and is counted") {
    SendingHarness h;
    h.next_datagram();
    h.rtcp.receive(bitrate_requests(h.sender.ssrc(), std::array<std::int64_t, 1>{300}),
                   h.clock.now());

    CHECK(h.poll().empty());
    CHECK(h.events.limits.empty());
    CHECK(h.rtcp.counters().bitrate_requests_unwanted == 1);
}

TEST_CASE("Our TMMBR is repeated until it is confirmed, and not for ever") {
    RtcpHarness h(true, true, 1, true);
    const auto asks_within = [&](common::Duration time) {
        int asks = 0;
        const auto end = h.clock.now() + time;
        while (h.clock.now() < end) {
            while (true) {
                const Bytes out = h.poll();
                if (out.empty()) break;
                const auto types = types_of(out);
                asks += static_cast<int>(std::count(types.begin(), types.end(), 205));
            }
            h.clock.advance(50ms);
        }
        return asks;
    };

    h.rtcp.limit_sender(7, common::Bitrate::from_kbps(256), h.clock.now());
    CHECK(asks_within(20s) == 5);

    h.rtcp.limit_sender(7, common::Bitrate::from_kbps(512), h.clock.now());
    CHECK(asks_within(500ms) == 1);
    Bytes confirmation;
    common::ByteWriter writer(confirmation);
    write_temporary_bitrate(
        TemporaryBitrate::kNotificationFormat, 99,
        {.ssrc = h.rtcp.report_ssrc(), .limit = common::Bitrate::from_kbps(512)}, writer);
    h.rtcp.receive(confirmation, h.clock.now());
    h.rtcp.limit_sender(7, common::Bitrate::from_kbps(512), h.clock.now());
    CHECK(asks_within(20s) == 0);
}

TEST_CASE("A confirmation of the limit before does not end asking for a higher one") {
    RtcpHarness h(true, true, 1, true);
    const auto confirm = [&](std::int64_t kbps) {
        Bytes confirmation;
        common::ByteWriter writer(confirmation);
        write_temporary_bitrate(
            TemporaryBitrate::kNotificationFormat, 99,
            {.ssrc = h.rtcp.report_ssrc(), .limit = common::Bitrate::from_kbps(kbps)}, writer);
        h.rtcp.receive(confirmation, h.clock.now());
    };
    const auto asks_in_a_second = [&] {
        h.clock.advance(1s);
        const std::uint64_t before = h.rtcp.bitrate_requests_sent();
        while (!h.poll().empty()) {
        }
        return h.rtcp.bitrate_requests_sent() - before;
    };
    h.rtcp.limit_sender(7, common::Bitrate::from_kbps(128), h.clock.now());
    CHECK(asks_in_a_second() == 1);
    h.rtcp.limit_sender(7, common::Bitrate::from_kbps(1500), h.clock.now());
    CHECK(asks_in_a_second() == 1);

    confirm(128);
    CHECK(asks_in_a_second() == 1);

    confirm(1500);
    CHECK(asks_in_a_second() == 0);
}

TEST_CASE("A peer that does not know TMMBR is not asked") {
    RtcpHarness h;
    h.next_datagram();
    h.rtcp.limit_sender(7, common::Bitrate::from_kbps(256), h.clock.now());

    CHECK(h.poll().empty());
}

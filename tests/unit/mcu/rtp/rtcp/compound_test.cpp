#include "mcu/rtp/rtcp/compound.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/unit/mcu/rtp/test_packets.h"

using namespace mcu;
using tests::Bytes;

namespace {

/// Keeps what each call said, as text where the call's views die with it.
struct Recorder final : RtcpHandler {
    void on_sender_report(const SenderReport& report) override {
        sender = report.sender;
        for (std::size_t i = 0; i < report.blocks.size(); ++i) blocks.push_back(report.blocks[i]);
        ++calls;
    }
    void on_receiver_report(const ReceiverReport& report) override {
        reporter = report.ssrc;
        for (std::size_t i = 0; i < report.blocks.size(); ++i) blocks.push_back(report.blocks[i]);
        ++calls;
    }
    void on_source_description(const SourceDescription& description) override {
        for (std::size_t i = 0; i < description.chunk_count; ++i) {
            cnames.emplace_back(description.chunks[i].cname);
        }
        ++calls;
    }
    void on_bye(const Bye& bye) override {
        left.assign(bye.ssrcs.begin(),
                    bye.ssrcs.begin() + static_cast<std::ptrdiff_t>(bye.ssrc_count));
        reason = bye.reason;
        ++calls;
    }
    void on_picture_loss_indication(const PictureLossIndication& one) override {
        pli = one;
        ++calls;
    }
    void on_full_intra_request(const FullIntraRequest& fir) override {
        for (std::size_t i = 0; i < fir.size(); ++i) firs.push_back(fir[i]);
        ++calls;
    }
    void on_generic_nack(const GenericNack& nack) override {
        nacked += nack.packet_count();
        nack.append_sequences(nacked_sequences, kMostNackedPackets);
        ++calls;
    }
    void on_temporary_bitrate_request(const TemporaryBitrate& request) override {
        for (std::size_t i = 0; i < request.size(); ++i) limits.push_back(request[i]);
        ++calls;
    }
    void on_temporary_bitrate_notification(const TemporaryBitrate& notification) override {
        for (std::size_t i = 0; i < notification.size(); ++i) bounds.push_back(notification[i]);
        ++calls;
    }

    void on_receiver_estimated_bitrate(const ReceiverEstimatedBitrate& remb) override {
        for (std::size_t i = 0; i < remb.size(); ++i) estimated.push_back({remb[i], remb.limit});
        ++calls;
    }
    void on_transport_feedback(const TransportFeedback& one) override {
        one.for_each([this](std::uint16_t sequence, auto arrival) {
            if (arrival) arrived.push_back(sequence);
        });
        ++calls;
    }

    int calls = 0;
    SenderInfo sender;
    std::uint32_t reporter = 0;
    std::vector<ReportBlock> blocks;
    std::vector<std::string> cnames;
    std::vector<std::uint32_t> left;
    std::string reason;
    PictureLossIndication pli;
    std::vector<FullIntraRequest::Entry> firs;
    std::size_t nacked = 0;
    std::vector<std::uint16_t> nacked_sequences;
    std::vector<TemporaryBitrate::Entry> limits, bounds;
    std::vector<std::pair<std::uint32_t, common::Bitrate>> estimated;
    std::vector<std::uint16_t> arrived;
};

struct Parsed {
    Recorder recorder;
    RtcpCounters counters;
    tl::expected<void, RtcpParseError> result;
};

Parsed parse(const Bytes& datagram) {
    Parsed parsed;
    parsed.result = parse_rtcp(datagram, parsed.recorder, parsed.counters);
    return parsed;
}

const Bytes kEmptyReceiverReport{0x80, 201, 0x00, 0x01, 0x00, 0x00, 0x00, 0x07};

Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

}  // namespace

TEST_CASE("A compound of SR and SDES is read") {
    const Parsed parsed = parse({
        0x81, 200,  0x00, 0x0c,                          // SR, one block, 12 words follow
        0x00, 0x00, 0x00, 0x07,                          // SSRC
        0xe9, 0x00, 0x00, 0x01, 0x80, 0x00, 0x00, 0x00,  // NTP
        0x00, 0x01, 0x5f, 0x90,                          // RTP time
        0x00, 0x00, 0x00, 0x64,                          // packets
        0x00, 0x00, 0x10, 0x00,                          // octets
        0x00, 0x00, 0x00, 0x09,                          // about SSRC 9
        0x40, 0xff, 0xff, 0xfe,                          // a quarter lost, -2 in all
        0x00, 0x01, 0x00, 0x02,                          // extended highest
        0x00, 0x00, 0x00, 0x2d,                          // jitter
        0x00, 0x01, 0x80, 0x00,                          // LSR
        0x00, 0x00, 0x40, 0x00,                          // DLSR
        0x81, 202,  0x00, 0x03,                          // SDES, one chunk
        0x00, 0x00, 0x00, 0x07, 0x01, 0x03, 'a',  '@',   // CNAME
        'b',  0x00, 0x00, 0x00,
    });

    REQUIRE(parsed.result.has_value());
    CHECK(parsed.recorder.sender.ssrc == 7);
    CHECK(parsed.recorder.sender.ntp.fixed == 0xe900000180000000);
    CHECK(parsed.recorder.sender.rtp_time == 90000);
    CHECK(parsed.recorder.sender.packet_count == 100);
    CHECK(parsed.recorder.sender.octet_count == 4096);
    REQUIRE(parsed.recorder.blocks.size() == 1);
    CHECK(parsed.recorder.blocks[0] == ReportBlock{.ssrc = 9,
                                                   .fraction_lost = 0x40,
                                                   .cumulative_lost = -2,
                                                   .highest_sequence = 0x10002,
                                                   .jitter = 45,
                                                   .last_sr = 0x18000,
                                                   .delay_since_last_sr = 0x4000});
    CHECK(parsed.recorder.cnames == std::vector<std::string>{"a@b"});
}

TEST_CASE("Reports are written as they stand on the wire") {
    Bytes out;
    common::ByteWriter writer(out);
    const std::array<ReportBlock, 1> blocks{ReportBlock{.ssrc = 9,
                                                        .fraction_lost = 1,
                                                        .cumulative_lost = -1,
                                                        .highest_sequence = 2,
                                                        .jitter = 3,
                                                        .last_sr = 4,
                                                        .delay_since_last_sr = 5}};

    write_receiver_report(7, blocks, writer);
    write_source_description(7, "ab", writer);

    CHECK(out == Bytes{
                     0x81,
                     201,
                     0x00,
                     0x07,  // RR, one block
                     0x00,
                     0x00,
                     0x00,
                     0x07,
                     0x00,
                     0x00,
                     0x00,
                     0x09,
                     0x01,
                     0xff,
                     0xff,
                     0xff,
                     0x00,
                     0x00,
                     0x00,
                     0x02,
                     0x00,
                     0x00,
                     0x00,
                     0x03,
                     0x00,
                     0x00,
                     0x00,
                     0x04,
                     0x00,
                     0x00,
                     0x00,
                     0x05,
                     0x81,
                     202,
                     0x00,
                     0x03,  // SDES: 2 text bytes leave
                            // room for all four nulls
                     0x00,
                     0x00,
                     0x00,
                     0x07,
                     0x01,
                     0x02,
                     'a',
                     'b',
                     0x00,
                     0x00,
                     0x00,
                     0x00,
                 });
}

TEST_CASE("What is written as SR is read again") {
    Bytes out;
    common::ByteWriter writer(out);
    const SenderInfo sender{
        .ssrc = 1, .ntp = {0x0102030405060708}, .rtp_time = 2, .packet_count = 3, .octet_count = 4};

    write_sender_report(sender, {}, writer);
    const Parsed parsed = parse(out);

    REQUIRE(parsed.result.has_value());
    CHECK(out.size() == 28);
    CHECK(parsed.recorder.sender.ntp == sender.ntp);
    CHECK(parsed.recorder.sender.octet_count == 4);
}

TEST_CASE("BYE carries its sources and a reason") {
    Bytes out = kEmptyReceiverReport;
    common::ByteWriter writer(out);
    const std::array<std::uint32_t, 2> ssrcs{7, 8};

    write_bye(ssrcs, "moved", writer);
    const Parsed parsed = parse(out);

    CHECK(out == kEmptyReceiverReport + Bytes{
                                            0x82, 203,  0x00, 0x04, 0x00, 0x00, 0x00,
                                            0x07, 0x00, 0x00, 0x00, 0x08, 0x05, 'm',
                                            'o',  'v',  'e',  'd',  0x00, 0x00,
                                        });
    CHECK(parsed.recorder.left == std::vector<std::uint32_t>{7, 8});
    CHECK(parsed.recorder.reason == "moved");
}

TEST_CASE("PLI and FIR stand on the wire as RFC 4585 and RFC 5104 say") {
    Bytes out;
    common::ByteWriter writer(out);

    write_picture_loss_indication({.sender_ssrc = 1, .media_ssrc = 2}, writer);
    write_full_intra_request(1, {.media_ssrc = 2, .sequence = 9}, writer);
    const Parsed parsed = parse(out);

    CHECK(out == Bytes{
                     0x81, 206, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 2,  // PLI
                     0x84, 206, 0x00, 0x04, 0, 0, 0, 1, 0, 0, 0, 0,  // FIR: media source unused
                     0,    0,   0,    2,    9, 0, 0, 0,
                 });
    CHECK(parsed.recorder.pli.media_ssrc == 2);
    REQUIRE(parsed.recorder.firs.size() == 1);
    CHECK(parsed.recorder.firs[0].media_ssrc == 2);
    CHECK(parsed.recorder.firs[0].sequence == 9);
    CHECK(parsed.counters.reduced_size == 1);
}

TEST_CASE("A generic NACK counts the packet named and those of its mask") {
    const Parsed parsed = parse({
        0x81, 205,  0x00, 0x04, 0, 0, 0, 1, 0, 0, 0, 2, 0x00, 0x10, 0x80, 0x01,  // 16, 17 and 32
        0x01, 0x00, 0x00, 0x00,                                                  // 256
    });

    CHECK(parsed.recorder.nacked == 4);
    CHECK(parsed.recorder.nacked_sequences == std::vector<std::uint16_t>{16, 17, 32, 256});
}

TEST_CASE("A NACK that is written packs neighbours, across the wrap, and reads back") {
    Bytes out;
    common::ByteWriter writer(out);
    const std::vector<std::uint16_t> missing{65534, 65535, 3, 14, 15, 300};

    write_generic_nack(1, 2, missing, writer);

    CHECK(out == Bytes{0x81, 205,  0x00, 0x05, 0,    0,    0,    1, 0,
                       0,    0,    2,    0xff, 0xfe, 0x80, 0x11,  // 65534 and 1, 5 and 16 behind it
                       0x00, 0x0f, 0x00, 0x00,                    // 15
                       0x01, 0x2c, 0x00, 0x00});                  // 300
    CHECK(parse(out).recorder.nacked_sequences == missing);
}

TEST_CASE("TMMBR and TMMBN stand on the wire as RFC 5104 says") {
    Bytes out;
    common::ByteWriter writer(out);
    const TemporaryBitrate::Entry entry{
        .ssrc = 2, .limit = common::Bitrate::from_kbps(1000), .overhead_bytes = 40};

    write_temporary_bitrate(TemporaryBitrate::kRequestFormat, 1, entry, writer);
    write_temporary_bitrate(TemporaryBitrate::kNotificationFormat, 1, entry, writer);
    const Parsed parsed = parse(out);

    // 1 000 000 = 125 000 << 3
    CHECK(Bytes(out.begin(), out.begin() + 20) ==
          Bytes{0x83, 205, 0x00, 0x04, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0x0f, 0xd0, 0x90, 0x28});
    REQUIRE(parsed.recorder.limits.size() == 1);
    CHECK(parsed.recorder.limits[0].ssrc == 2);
    CHECK(parsed.recorder.limits[0].limit.bps() == 1'000'000);
    CHECK(parsed.recorder.limits[0].overhead_bytes == 40);
    CHECK(parsed.recorder.bounds.size() == 1);
}

TEST_CASE("A TMMBR beyond every number is as much as there is; an empty one makes no sense") {
    const Parsed huge =
        parse({0x83, 205, 0x00, 0x04, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff});
    const Parsed empty = parse({0x83, 205, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 0});

    REQUIRE(huge.recorder.limits.size() == 1);
    CHECK(huge.recorder.limits[0].limit.bps() == std::numeric_limits<std::int64_t>::max());
    CHECK(empty.counters.bad_packets == 1);
}

TEST_CASE("REMB stands on the wire as its draft says") {
    Bytes out;
    common::ByteWriter writer(out);
    const std::array<std::uint32_t, 2> streams{7, 8};

    write_receiver_estimated_bitrate(1, common::Bitrate::from_kbps(1000), streams, writer);
    const Parsed parsed = parse(out);

    // 1 000 000 = 250 000 << 2
    CHECK(out == Bytes{0x8f, 206, 0x00, 0x06, 0,    0,    0, 1, 0, 0, 0, 0, 'R', 'E',
                       'M',  'B', 2,    0x0b, 0xd0, 0x90, 0, 0, 0, 7, 0, 0, 0,   8});
    REQUIRE(parsed.recorder.estimated.size() == 2);
    CHECK(parsed.recorder.estimated[1].first == 8);
    CHECK(parsed.recorder.estimated[1].second.bps() == 1'000'000);
}

TEST_CASE("A REMB beyond every number is as much as there is; one with too few streams is bad") {
    const Parsed huge = parse({0x8f, 206, 0x00, 0x05, 0, 0,    0,    1,    0, 0, 0, 0,
                               'R',  'E', 'M',  'B',  1, 0xff, 0xff, 0xff, 0, 0, 0, 7});
    const Parsed few = parse({0x8f, 206, 0x00, 0x05, 0, 0,    0,    1,    0, 0, 0, 0,
                              'R',  'E', 'M',  'B',  2, 0x0b, 0xd0, 0x90, 0, 0, 0, 7});

    REQUIRE(huge.recorder.estimated.size() == 1);
    CHECK(huge.recorder.estimated[0].second.bps() == std::numeric_limits<std::int64_t>::max());
    CHECK(few.counters.bad_packets == 1);
}

TEST_CASE("Unknown types and formats are walked over") {
    const Parsed parsed =
        parse(kEmptyReceiverReport + Bytes{
                                         0x80, 204, 0x00, 0x02, 0,    0,   0,
                                         1,    't', 'e',  's',  't',  // APP
                                         0x8f, 206, 0x00, 0x02, 0,    0,   0,
                                         1,    0,   0,    0,    2,  // REMB's format, not one
                                         0x8e, 205, 0x00, 0x02, 0,    0,   0,
                                         1,    0,   0,    0,    2,  // feedback nobody defined
                                         0x80, 210, 0x00, 0x00, 0x81, 203, 0x00,
                                         0x01, 0,   0,    0,    7,  // BYE
                                     });

    CHECK(parsed.counters.unknown_packets == 4);
    CHECK(parsed.recorder.left == std::vector<std::uint32_t>{7});
}

TEST_CASE("A packet whose body makes no sense is skipped, the rest of the compound is used") {
    const Parsed parsed =
        parse(kEmptyReceiverReport +
              Bytes{
                  0x81, 200, 0x00, 0x00,              // SR without a body
                  0x82, 201, 0x00, 0x01, 0, 0, 0, 1,  // RR that claims two blocks
                  0x81, 202, 0x00, 0x01, 0, 0, 0, 1,  // SDES without its items' end
                  0x82, 203, 0x00, 0x01, 0, 0, 0, 1,  // BYE that claims two sources
                  0x81, 203, 0x00, 0x02, 0, 0, 0, 1, 9, 'x', 'x', 'x',  // reason beyond the end
                  0x81, 206, 0x00, 0x01, 0, 0, 0, 1,                    // PLI without media source
                  0x84, 206, 0x00, 0x02, 0, 0, 0, 1, 0, 0,   0,   0,    // FIR that asks nobody
                  0x81, 205, 0x00, 0x02, 0, 0, 0, 1, 0, 0,   0,   2,    // NACK of nothing
              });

    CHECK(parsed.result.has_value());
    CHECK(parsed.counters.bad_packets == 8);
    CHECK(parsed.recorder.calls == 1);
}

TEST_CASE("A datagram whose lengths or versions are wrong is not used at all") {
    const auto error_of = [](const Bytes& datagram) {
        const Parsed parsed = parse(datagram);
        CHECK(parsed.recorder.calls == 0);
        CHECK(parsed.counters.bad_datagrams == 1);
        return parsed.result ? RtcpParseError{} : parsed.result.error();
    };

    CHECK(error_of({0x80, 201, 0x00}) == RtcpParseError::TooShort);
    CHECK(error_of({0x80, 100, 0x00, 0x00}) == RtcpParseError::BadType);
    CHECK(error_of(kEmptyReceiverReport + Bytes{0x80, 203}) == RtcpParseError::TooShort);
    CHECK(error_of(kEmptyReceiverReport + Bytes{0x00, 203, 0, 0}) == RtcpParseError::BadVersion);
    CHECK(error_of(kEmptyReceiverReport + Bytes{0x80, 203, 0, 1}) ==
          RtcpParseError::LengthMismatch);
}

TEST_CASE("Padding is taken off the last packet and nowhere else") {
    const Bytes padded_bye{0xa1, 203, 0x00, 0x02, 0, 0, 0, 7, 0, 0, 0, 4};

    CHECK(parse(kEmptyReceiverReport + padded_bye).recorder.left == std::vector<std::uint32_t>{7});
    CHECK(parse(padded_bye + kEmptyReceiverReport).result.error() == RtcpParseError::BadPadding);
    CHECK(parse({0xa0, 201, 0, 1, 0, 0, 0, 0}).result.error() == RtcpParseError::BadPadding);
    CHECK(parse({0xa0, 201, 0, 1, 0, 0, 0, 8}).result.error() == RtcpParseError::BadPadding);
    CHECK(parse({0xa0, 201, 0, 0}).result.error() == RtcpParseError::BadPadding);
}

TEST_CASE("Transport feedback may be padded by less than a word, and anywhere") {
    const Bytes feedback{0xaf, 205,  0x00, 0x05, 0, 0, 0, 1, 0, 0, 0, 7,  // P, format 15
                         0x00, 0x10, 0x00, 0x01, 0, 0, 1, 0,              // one from 16 on
                         0x20, 0x01, 0x04, 0x01};                         // came; one byte too many
    CHECK(parse(feedback + feedback).recorder.arrived == std::vector<std::uint16_t>{16, 16});
    Bytes too_much = feedback;
    too_much.back() = 21;
    CHECK(parse(too_much).result.error() == RtcpParseError::BadPadding);
}

TEST_CASE("SDES keeps the CNAME among other items and chunks") {
    const Parsed parsed =
        parse(kEmptyReceiverReport +
              Bytes{
                  0x82, 202, 0x00, 0x06, 0, 0, 0, 1, 0x02, 0x01, 'N', 0x01,  // NAME, then CNAME
                  0x01, 'c', 0x00, 0x00, 0, 0, 0, 2, 0x06, 0x01, 'T', 0x00,  // TOOL only
                  0,    0,   0,    0,
              });

    CHECK(parsed.counters.bad_packets == 0);
    CHECK(parsed.recorder.cnames == std::vector<std::string>{"c", ""});
}

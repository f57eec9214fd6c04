#include "mcu/rtp/rtx.h"

#include <array>
#include <catch2/catch.hpp>
#include <vector>

#include "mcu/rtp/rtcp_session.h"
#include "tests/support/allocation_counter.h"

using mcu::RtxSender;
using Bytes = std::vector<std::uint8_t>;

namespace {

struct Nobody final : mcu::RtcpObserver {
    void on_start_wanted(std::uint32_t) override {}
    void on_key_frame_wanted(std::uint32_t) override {}
    void on_bye(std::uint32_t) override {}
    void on_ssrc_changed(std::uint32_t, std::uint32_t) override {}
    void on_packets_missed(std::uint32_t, std::span<const std::uint16_t>) override {}
    void on_bitrate_limited(std::uint32_t, common::Bitrate) override {}
};

struct Line {
    common::Timestamp now = common::Timestamp::from_ns(1'000'000'000'000);
    Nobody nobody;
    mcu::RtcpSession rtcp{
        mcu::RtcpSession::Config{.cname = "x", .seed = 7, .ntp = mcu::NtpClock(now, {})}, nobody,
        now};
    RtxSender rtx{rtcp, {.payload_type = 97, .clock_rate_hz = 90'000}, now};
    mcu::PacketPool pool{4};

    Bytes repeat(const Bytes& original, std::size_t room = 1500) {
        Bytes out(room);
        out.resize(rtx.repeat(original, out, now));
        return out;
    }
    mcu::RtpPacket parse(const Bytes& bytes) {
        auto packet = mcu::RtpPacket::parse(pool.take_copy(bytes, now));
        REQUIRE(packet);
        return std::move(*packet);
    }
};

// V=2, marker, type 96, sequence 0x1234, time 0x01020304, SSRC 0xaabbccdd, payload 1 2 3.
const Bytes kPlain{0x80, 0xe0, 0x12, 0x34, 1, 2, 3, 4, 0xaa, 0xbb, 0xcc, 0xdd, 1, 2, 3};
const Bytes kExtended{0x90, 0x60, 0x12, 0x34, 1,    2, 3, 4, 0xaa, 0xbb, 0xcc, 0xdd,
                      0xbe, 0xde, 0,    1,    0x10, 7, 0, 0, 1,    2,    3};

}  // namespace

TEST_CASE(
    "A repeat has its own type, number and SSRC, and the original number before the payload") {
    Line line;

    const Bytes first = line.repeat(kPlain), second = line.repeat(kPlain);

    REQUIRE(first.size() == kPlain.size() + RtxSender::kMoreBytes);
    CHECK(first[0] == 0x80);
    CHECK(first[1] == (0x80 | 97));
    CHECK(Bytes(first.begin() + 4, first.begin() + 8) == Bytes{1, 2, 3, 4});
    CHECK(Bytes(first.begin() + 12, first.end()) == Bytes{0x12, 0x34, 1, 2, 3});
    const mcu::RtpPacket one = line.parse(first), two = line.parse(second);
    CHECK(one.ssrc() == line.rtx.ssrc());
    CHECK(one.ssrc() != 0xaabbccdd);
    CHECK(static_cast<std::uint16_t>(one.sequence() + 1) == two.sequence());
}

TEST_CASE("A repeat keeps the header extension, and has no marker where there was none") {
    Line line;

    const Bytes repeat = line.repeat(kExtended);

    CHECK(repeat[0] == 0x90);
    CHECK(repeat[1] == 97);
    CHECK(Bytes(repeat.begin() + 12, repeat.end()) ==
          Bytes{0xbe, 0xde, 0, 1, 0x10, 7, 0, 0, 0x12, 0x34, 1, 2, 3});
}

TEST_CASE("What fits no room or is no packet is not repeated") {
    Line line;
    Bytes beyond = kExtended;
    beyond[15] = 200;

    CHECK(line.repeat(kPlain, kPlain.size() + 1).empty());
    CHECK(line.repeat(Bytes(11)).empty());
    CHECK(line.repeat(beyond).empty());
    CHECK(line.repeat(Bytes(kExtended.begin(), kExtended.begin() + 13)).empty());
}

TEST_CASE("What is repeated is the original again, without its header extension") {
    Line line;
    const Bytes original = GENERATE(kPlain, kExtended);
    const mcu::RtpPacket repeat = line.parse(line.repeat(original));

    auto back = mcu::RtpPacket::parse(mcu::original_of(repeat, 96, 0xaabbccdd, line.pool));

    REQUIRE(back);
    CHECK(back->payload_type() == 96);
    CHECK(back->ssrc() == 0xaabbccdd);
    CHECK(back->sequence() == 0x1234);
    CHECK(back->rtp_time() == 0x01020304);
    CHECK(back->marker() == ((original[1] & 0x80) != 0));
    CHECK(Bytes(back->payload().begin(), back->payload().end()) == Bytes{1, 2, 3});
    CHECK(back->arrival() == line.now);
}

TEST_CASE("A repeat of nothing, as probes of bandwidth are, gives no packet") {
    Line line;
    Bytes padded{0xa0, 97, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 4};
    const Bytes number_alone{0x80, 97, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0x12, 0x34};

    CHECK(mcu::original_of(line.parse(padded), 96, 1, line.pool) == nullptr);
    CHECK(mcu::original_of(line.parse(number_alone), 96, 1, line.pool) == nullptr);
}

TEST_CASE("Without a buffer there is no original") {
    Line line;
    const mcu::RtpPacket repeat = line.parse(line.repeat(kPlain));
    const mcu::PacketPtr held[] = {line.pool.take(), line.pool.take(), line.pool.take()};

    CHECK(mcu::original_of(repeat, 96, 1, line.pool) == nullptr);
}

TEST_CASE("Repeating and reading a repeat allocate nothing") {
    Line line;
    std::array<std::uint8_t, 1500> out{};
    mcu::RtpPacket repeat = line.parse(line.repeat(kPlain));

    const tests::AllocationCounter counter;
    const std::size_t bytes = line.rtx.repeat(kPlain, out, line.now);
    const mcu::PacketPtr original = mcu::original_of(repeat, 96, 1, line.pool);

    CHECK(counter.count() == 0);
    CHECK(bytes > 0);
    CHECK(original != nullptr);
}

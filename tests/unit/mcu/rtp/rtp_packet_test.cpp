#include "mcu/rtp/rtp_packet.h"

#include <catch2/catch.hpp>

#include "tests/unit/mcu/rtp/test_packets.h"

using mcu::PacketPool;
using mcu::RtpPacket;
using mcu::RtpParseError;
using tests::Bytes;

namespace {

tl::expected<RtpPacket, RtpParseError> parse(PacketPool& pool, const Bytes& datagram) {
    return RtpPacket::parse(pool.take_copy(datagram, common::Timestamp::from_ns(7)));
}

RtpParseError error_of(const Bytes& datagram) {
    PacketPool pool(1);
    const auto packet = parse(pool, datagram);
    REQUIRE_FALSE(packet.has_value());
    CHECK(pool.in_use() == 0);
    return packet.error();
}

}  // namespace

TEST_CASE("RtpPacket reads the fixed header and the payload behind it") {
    PacketPool pool(1);
    const auto packet = parse(pool, {
                                        0x80, 0xe0, 0x12, 0x34,  // V=2, M, PT=96, sequence
                                        0x00, 0x01, 0x5f, 0x90,  // timestamp
                                        0xde, 0xad, 0xbe, 0xef,  // SSRC
                                        0x65, 0x88,              // payload
                                    });

    REQUIRE(packet.has_value());
    CHECK(packet->marker());
    CHECK(packet->payload_type() == 96);
    CHECK(packet->sequence() == 0x1234);
    CHECK(packet->rtp_time() == 90000);
    CHECK(packet->ssrc() == 0xdeadbeef);
    CHECK(Bytes(packet->payload().begin(), packet->payload().end()) == Bytes{0x65, 0x88});
    CHECK(packet->arrival() == common::Timestamp::from_ns(7));
    CHECK(packet->size_bytes() == 14);
}

TEST_CASE("RtpPacket walks over CSRCs and extension and takes the padding off") {
    PacketPool pool(1);
    const auto packet = parse(
        pool, {
                  0xb2, 0x00, 0x00, 0x01,  // V=2, P, X, CC=2
                  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x0a,  // CSRC
                  0x00, 0x00, 0x00, 0x0b,                                                  // CSRC
                  0xbe, 0xde, 0x00, 0x01,  // extension: one word
                  0x10, 0xff, 0x00, 0x00,
                  0x55,              // payload
                  0x00, 0x00, 0x03,  // padding
              });

    REQUIRE(packet.has_value());
    CHECK(packet->csrc_count() == 2);
    CHECK(packet->csrc(0) == 10);
    CHECK(packet->csrc(1) == 11);
    CHECK(packet->has_extension());
    CHECK(packet->extension_profile() == 0xbede);
    CHECK(packet->extension().size() == 4);
    CHECK(packet->payload().size() == 1);
    CHECK(packet->payload()[0] == 0x55);
    CHECK(packet->padding_bytes() == 3);
}

TEST_CASE("RtpPacket drops what is broken and says how") {
    const Bytes good{0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1};
    const auto with_first = [&](std::uint8_t first, Bytes rest = {}) {
        Bytes bytes = good;
        bytes[0] = first;
        bytes.insert(bytes.end(), rest.begin(), rest.end());
        return bytes;
    };

    CHECK(error_of({}) == RtpParseError::TooShort);
    CHECK(error_of(Bytes(good.begin(), good.end() - 1)) == RtpParseError::TooShort);
    CHECK(error_of(with_first(0x40)) == RtpParseError::BadVersion);
    CHECK(error_of(with_first(0x81)) == RtpParseError::CsrcsBeyondEnd);
    CHECK(error_of(with_first(0x90)) == RtpParseError::ExtensionBeyondEnd);
    CHECK(error_of(with_first(0x90, {0xbe, 0xde, 0, 1})) == RtpParseError::ExtensionBeyondEnd);
    CHECK(error_of(with_first(0xa0)) == RtpParseError::BadPadding);
    CHECK(error_of(with_first(0xa0, {0x00})) == RtpParseError::BadPadding);
    CHECK(error_of(with_first(0xa0, {0x00, 0x03})) == RtpParseError::BadPadding);
}

TEST_CASE("A written header stands as on the wire") {
    Bytes datagram(12);

    mcu::write_rtp_header({.payload_type = 111,
                           .marker = true,
                           .sequence = 0xfffe,
                           .rtp_time = 0x01020304,
                           .ssrc = 0xa0b0c0d0},
                          datagram);

    CHECK(datagram ==
          Bytes{0x80, 0xef, 0xff, 0xfe, 0x01, 0x02, 0x03, 0x04, 0xa0, 0xb0, 0xc0, 0xd0});
}

TEST_CASE("The second byte tells RTCP from RTP on a shared port") {
    CHECK(mcu::is_rtcp(Bytes{0x80, 200}));
    CHECK(mcu::is_rtcp(Bytes{0x81, 206}));
    CHECK(mcu::is_rtcp(Bytes{0x80, 192}));
    CHECK(mcu::is_rtcp(Bytes{0x80, 223}));
    CHECK_FALSE(mcu::is_rtcp(Bytes{0x80, 224}));
    CHECK_FALSE(mcu::is_rtcp(Bytes{0x80, 191}));
    CHECK_FALSE(mcu::is_rtcp(Bytes{0x80, 0x80 | 96}));
    CHECK_FALSE(mcu::is_rtcp(Bytes{0x00, 200}));
    CHECK_FALSE(mcu::is_rtcp(Bytes{0x80}));
}

TEST_CASE("Sequence order holds across the wrap") {
    CHECK(mcu::sequence_after(0, 65535));
    CHECK_FALSE(mcu::sequence_after(65535, 0));
    CHECK_FALSE(mcu::sequence_after(5, 5));
}

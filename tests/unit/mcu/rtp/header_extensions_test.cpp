#include "mcu/rtp/header_extensions.h"

#include <array>
#include <catch2/catch.hpp>

#include "tests/unit/mcu/rtp/test_packets.h"

using namespace mcu;
using namespace std::chrono_literals;
using tests::Bytes;

namespace {

constexpr std::uint16_t kOneByte = 0xbede, kTwoByte = 0x1000;
constexpr HeaderExtensionIds kIds{
    .mid = 1, .abs_send_time = 2, .transport_sequence = 3, .audio_level = 4, .playout_delay = 5};

HeaderExtensions everything() {
    HeaderExtensions all;
    all.mid = "video";
    all.abs_send_time = 0x123456;
    all.transport_sequence = 0xfffe;
    all.audio_level = AudioLevel{.voice = true, .minus_dbov = 42};
    all.playout_delay = PlayoutDelay{.least = 100ms, .most = 40950ms};
    return all;
}

Bytes written(const HeaderExtensions& extensions, const HeaderExtensionIds& ids) {
    Bytes out(kMostExtensionBytes, 0xcc);
    out.resize(write_header_extensions(extensions, ids, out));
    return out;
}

/// A block as it stands on the wire, with its own header.
HeaderExtensions read(const Bytes& block, const HeaderExtensionIds& ids) {
    const auto profile = static_cast<std::uint16_t>(block[0] << 8 | block[1]);
    return read_header_extensions(profile, std::span(block).subspan(4), ids);
}

}  // namespace

TEST_CASE("The one-byte form is written as it stands on the wire") {
    CHECK(written(everything(), kIds) == Bytes{
                                             0xbe, 0xde, 0x00, 0x05,             //
                                             0x14, 'v',  'i',  'd',  'e',  'o',  // id 1, 5 bytes
                                             0x22, 0x12, 0x34, 0x56,             // id 2, 3 bytes
                                             0x31, 0xff, 0xfe,                   // id 3, 2 bytes
                                             0x40, 0xaa,                         // voice, -42 dBov
                                             0x52, 0x00, 0xaf, 0xff, 0x00,  // 10 and 4095 steps
                                         });
}

TEST_CASE("An id beyond 14 takes the two-byte form") {
    HeaderExtensions extensions;
    extensions.transport_sequence = 7;
    extensions.audio_level = AudioLevel{.voice = false, .minus_dbov = 127};
    HeaderExtensionIds ids = kIds;
    ids.transport_sequence = 15;
    CHECK(written(extensions, ids) == Bytes{0x10, 0x00, 0x00, 0x02, 15, 2, 0, 7, 4, 1, 127, 0});
}

TEST_CASE("What was written is read again, in both forms") {
    HeaderExtensionIds far = kIds;
    far.mid = 200;
    for (const HeaderExtensionIds& ids : {kIds, far}) {
        const Bytes block = written(everything(), ids);
        CHECK(block.size() % 4 == 0);
        CHECK(read(block, ids) == everything());
    }
    HeaderExtensions longest = everything();
    longest.mid = "0123456789abcdef";
    CHECK(read(written(longest, kIds), kIds) == longest);
    CHECK(read(written(longest, far), far) == longest);
}

TEST_CASE("What was not agreed is neither written nor read") {
    CHECK(written(everything(), {}).empty());
    CHECK(written({}, kIds).empty());
    CHECK(read(written(everything(), kIds), {}) == HeaderExtensions{});
    CHECK(read_header_extensions(0x4711, Bytes{0x40, 0xaa, 0, 0}, kIds) == HeaderExtensions{});
}

TEST_CASE("Padding, unknown elements and wrong lengths are passed over") {
    const Bytes one{0x00, 0x00, 0x91, 1, 2, 0x30, 9, 0x00, 0x31, 0x01, 0x02, 0x31, 0x03, 0x04};
    CHECK(read_header_extensions(kOneByte, one, kIds).transport_sequence == 0x0102);

    const Bytes two{0, 99, 0, 3, 1, 9, 3, 2, 1, 2, 0};  // id 99 is empty
    CHECK(read_header_extensions(kTwoByte, two, kIds).transport_sequence == 0x0102);
    // RFC 8285 4.3: the low four bits of the profile mean nothing to us.
    CHECK(read_header_extensions(kTwoByte | 0x7, two, kIds).transport_sequence == 0x0102);
}

TEST_CASE("Reading ends at an element that does not fit, and at id 15") {
    const Bytes beyond{0x40, 0xaa, 0x3f, 1, 2, 3};
    const auto read_before = read_header_extensions(kOneByte, beyond, kIds);
    CHECK(read_before.audio_level.has_value());
    CHECK_FALSE(read_before.transport_sequence.has_value());

    const Bytes stopped{0x40, 0xaa, 0xf0, 0x00, 0x31, 1, 2, 0};
    CHECK_FALSE(read_header_extensions(kOneByte, stopped, kIds).transport_sequence.has_value());
    CHECK(read_header_extensions(kOneByte, stopped, kIds).audio_level->minus_dbov == 42);

    CHECK(read_header_extensions(kTwoByte, Bytes{3}, kIds) == HeaderExtensions{});
    CHECK(read_header_extensions(kTwoByte, Bytes{3, 2, 1}, kIds) == HeaderExtensions{});
}

TEST_CASE("A mid longer than any of ours is no mid") {
    Bytes block{1, 17};
    block.resize(2 + 17, 'x');
    CHECK(read_header_extensions(kTwoByte, block, kIds).mid.empty());
}

TEST_CASE("Send times go round in 64 seconds") {
    const auto second = common::Timestamp::from_ns(1'000'000'000);
    CHECK(to_abs_send_time(second) == 1 << 18);
    CHECK(to_abs_send_time(second + 500ms) == (1 << 18) + (1 << 17));
    CHECK(to_abs_send_time(second + 64s) == 1 << 18);
    // A year's uptime.
    CHECK(to_abs_send_time(second + 31'536'000s + 250ms) == ((31'536'001 % 64) << 18) + (1 << 16));

    CHECK(abs_send_time_step(1 << 18, (1 << 18) + (1 << 17)) == 500ms);
    CHECK(abs_send_time_step((1 << 24) - (1 << 17), 1 << 17) == 1s);
    CHECK(abs_send_time_step(1 << 17, (1 << 24) - (1 << 17)) == -1s);
}

TEST_CASE("A finished packet gets its send time and number where it has room for them") {
    HeaderExtensions extensions = everything();
    extensions.abs_send_time = 0;
    extensions.transport_sequence = 0;
    Bytes datagram(kRtpHeaderBytes);
    write_rtp_header({.payload_type = 96, .ssrc = 7, .extension = true}, datagram);
    const Bytes block = written(extensions, kIds);
    datagram.insert(datagram.end(), block.begin(), block.end());
    datagram.insert(datagram.end(), 10, 0x55);

    restamp_header_extensions(datagram, kIds, 0x123456, 0xfffe);

    PacketPool pool(1);
    const auto packet = RtpPacket::parse(pool.take_copy(datagram, {}));
    REQUIRE(packet.has_value());
    CHECK(read_header_extensions(packet->extension_profile(), packet->extension(), kIds) ==
          everything());
    CHECK(packet->payload().size() == 10);
}

TEST_CASE("A packet without extensions, or with a broken block, stays as it is") {
    Bytes plain(kRtpHeaderBytes);
    write_rtp_header({.payload_type = 96, .ssrc = 7}, plain);
    plain.insert(plain.end(), {0x31, 0, 0});
    Bytes broken = plain;
    broken[0] |= 0x10;
    for (const Bytes& original : {plain, broken, Bytes{}, Bytes{0x90}}) {
        Bytes bytes = original;
        restamp_header_extensions(bytes, kIds, 0x123456, 0xfffe);
        CHECK(bytes == original);
    }
}

#include "mcu/transport/srtp_session.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <numeric>

using common::SrtpKey;
using common::SrtpSuite;
using mcu::SrtpReceiver;
using mcu::SrtpSender;
using Bytes = std::vector<std::uint8_t>;

namespace {

Bytes counted(std::size_t count, std::uint8_t first) {
    Bytes bytes(count);
    std::iota(bytes.begin(), bytes.end(), first);
    return bytes;
}

SrtpKey key_of(SrtpSuite suite, std::uint8_t first = 1) {
    return *SrtpKey::of(suite, counted(common::srtp_key_bytes(suite), first));
}

/// A sender and a receiver with one key.
struct Link {
    explicit Link(const SrtpKey& key)
        : sender(*SrtpSender::create(key)), receiver(*SrtpReceiver::create(key)) {}

    Bytes protect(Bytes packet) {
        const std::size_t bytes = packet.size();
        packet.resize(bytes + mcu::kSrtpMostTrailerBytes);
        packet.resize(sender->protect_rtp(packet, bytes));
        return packet;
    }
    Bytes protect_rtcp(Bytes packet) {
        const std::size_t bytes = packet.size();
        packet.resize(bytes + mcu::kSrtpMostTrailerBytes);
        packet.resize(sender->protect_rtcp(packet, bytes));
        return packet;
    }
    /// Empty: dropped.
    Bytes open(Bytes packet) {
        const auto clear = receiver->open_rtp(packet);
        return clear ? Bytes(clear->begin(), clear->end()) : Bytes();
    }
    Bytes open_rtcp(Bytes packet) {
        const auto clear = receiver->open_rtcp(packet);
        return clear ? Bytes(clear->begin(), clear->end()) : Bytes();
    }

    std::unique_ptr<SrtpSender> sender;
    std::unique_ptr<SrtpReceiver> receiver;
};

Bytes rtp(std::uint16_t sequence, std::uint32_t ssrc = 0xcafebabe) {
    Bytes packet(28, 0xab);
    std::size_t at = 0;
    const auto put = [&](std::uint32_t value, int bytes) {
        for (int i = bytes - 1; i >= 0; --i) {
            packet[at++] = static_cast<std::uint8_t>(value >> (8 * i));
        }
    };
    put(0x800f, 2);
    put(sequence, 2);
    put(0xdecafbad, 4);
    put(ssrc, 4);
    return packet;
}

// An empty receiver report.
const Bytes kReport{0x80, 201, 0, 1, 0xca, 0xfe, 0xba, 0xbe};

}  // namespace

TEST_CASE("AES_CM_128_HMAC_SHA1_80 makes of libsrtp's reference packet its reference ciphertext") {
    // The master key and salt of RFC 3711 B.3.
    const Bytes master{0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f,
                       0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39, 0x0e, 0xc6, 0x75, 0xad,
                       0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6};
    Link link(*SrtpKey::of(SrtpSuite::AesCm128HmacSha1_80, master));

    const Bytes sealed = link.protect(rtp(0x1234));

    CHECK(sealed == Bytes{0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe,
                          0xba, 0xbe, 0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78, 0xd8,
                          0x8c, 0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d,
                          0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d, 0xbb});
    CHECK(link.open(sealed) == rtp(0x1234));
}

TEST_CASE("AEAD_AES_128_GCM makes of libsrtp's reference packet its reference ciphertext") {
    Bytes master = counted(16, 0);
    const Bytes salt = counted(12, 0xa0);
    master.insert(master.end(), salt.begin(), salt.end());
    Link link(*SrtpKey::of(SrtpSuite::AeadAes128Gcm, master));

    const Bytes sealed = link.protect(rtp(0x1234));

    CHECK(sealed == Bytes{0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba,
                          0xbe, 0xc5, 0x00, 0x2e, 0xde, 0x04, 0xcf, 0xdd, 0x2e, 0xb9, 0x11,
                          0x59, 0xe0, 0x88, 0x0a, 0xa0, 0x6e, 0xd2, 0x97, 0x68, 0x26, 0xf7,
                          0x96, 0xb2, 0x01, 0xdf, 0x31, 0x31, 0xa1, 0x27, 0xe8, 0xa3, 0x92});
    CHECK(link.open(sealed) == rtp(0x1234));
}

TEST_CASE("Every suite carries RTP and RTCP, and nothing of the payload stays in clear") {
    for (const SrtpSuite suite : common::kSrtpSuites) {
        INFO(common::srtp_suite_name(suite));
        Link link(key_of(suite));

        const Bytes sealed = link.protect(rtp(7));
        CHECK(sealed.size() > 28);
        CHECK(std::search_n(sealed.begin(), sealed.end(), 4, 0xab) == sealed.end());
        CHECK(link.open(sealed) == rtp(7));
        const Bytes report = link.protect_rtcp(kReport);
        CHECK(report.size() > kReport.size());
        CHECK(link.open_rtcp(report) == kReport);
    }
}

TEST_CASE("Packets open across the roll-over of the sequence number") {
    for (const SrtpSuite suite : common::kSrtpSuites) {
        Link link(key_of(suite));
        for (std::uint32_t i = 65000; i < 66000; ++i) {
            const auto sequence = static_cast<std::uint16_t>(i);
            REQUIRE(link.open(link.protect(rtp(sequence))) == rtp(sequence));
        }
    }
}

TEST_CASE("A packet of before the roll-over still opens after it") {
    Link link(key_of(SrtpSuite::AeadAes256Gcm));
    REQUIRE(!link.open(link.protect(rtp(65534))).empty());
    const Bytes late = link.protect(rtp(65535));
    REQUIRE(!link.open(link.protect(rtp(0))).empty());

    CHECK(link.open(late) == rtp(65535));
}

TEST_CASE("A packet that comes a second time is dropped, and the next one opens") {
    Link link(key_of(SrtpSuite::AeadAes128Gcm));
    const Bytes first = link.protect(rtp(1));
    REQUIRE(!link.open(first).empty());

    CHECK(link.open(first).empty());
    CHECK(link.receiver->counters().replayed == 1);
    CHECK(link.open(link.protect(rtp(2))) == rtp(2));
}

TEST_CASE("The same packet may be sent again, as a retransmission is") {
    Link link(key_of(SrtpSuite::AesCm128HmacSha1_80));
    const Bytes lost = link.protect(rtp(1));
    for (std::uint16_t i = 2; i < 500; ++i) REQUIRE(!link.open(link.protect(rtp(i))).empty());

    const Bytes again = link.protect(rtp(1));

    CHECK(again == lost);
    CHECK(link.open(again) == rtp(1));
}

TEST_CASE("A packet older than the window of 1024 is dropped") {
    Link link(key_of(SrtpSuite::AesCm128HmacSha1_80));
    const Bytes old = link.protect(rtp(1));
    for (std::uint16_t i = 2; i < 1030; ++i) REQUIRE(!link.open(link.protect(rtp(i))).empty());

    CHECK(link.open(old).empty());
    CHECK(link.receiver->counters().replayed == 1);
}

TEST_CASE("Whatever byte of a packet is changed, it is dropped and counted") {
    for (const SrtpSuite suite : common::kSrtpSuites) {
        INFO(common::srtp_suite_name(suite));
        Link link(key_of(suite));
        const Bytes sealed = link.protect(rtp(1));
        for (std::size_t i = 0; i < sealed.size(); ++i) {
            INFO(i);
            Bytes forged = sealed;
            forged[i] ^= 0x40;
            CHECK(link.open(forged).empty());
        }
        const auto& counters = link.receiver->counters();
        CHECK(counters.forged + counters.malformed + counters.excess == sealed.size());
        CHECK(counters.forged > 20);
        CHECK(link.open(sealed) == rtp(1));
    }
}

TEST_CASE("Whatever is cut off a packet, it is dropped") {
    for (const SrtpSuite suite : common::kSrtpSuites) {
        Link link(key_of(suite));
        const Bytes sealed = link.protect(rtp(1));
        const Bytes report = link.protect_rtcp(kReport);
        for (std::size_t bytes = 0; bytes < sealed.size(); ++bytes) {
            CHECK(link.open(Bytes(sealed.begin(), sealed.begin() + static_cast<long>(bytes)))
                      .empty());
        }
        for (std::size_t bytes = 0; bytes < report.size(); ++bytes) {
            CHECK(link.open_rtcp(Bytes(report.begin(), report.begin() + static_cast<long>(bytes)))
                      .empty());
        }
    }
}

TEST_CASE("A header that claims more sources or extension than there are bytes is dropped") {
    Link link(key_of(SrtpSuite::AesCm128HmacSha1_80));
    Bytes many_sources = link.protect(rtp(1));
    many_sources[0] = 0x8f;
    Bytes long_extension = link.protect(rtp(2));
    long_extension[0] = 0x90;

    CHECK(link.open(many_sources).empty());
    CHECK(link.open(long_extension).empty());
}

TEST_CASE("Another key, or the other direction's, opens nothing") {
    Link ours(key_of(SrtpSuite::AeadAes256Gcm));
    Link theirs(key_of(SrtpSuite::AeadAes256Gcm, 9));

    CHECK(theirs.open(ours.protect(rtp(1))).empty());
    CHECK(theirs.open_rtcp(ours.protect_rtcp(kReport)).empty());
    CHECK(theirs.receiver->counters().forged == 2);
}

TEST_CASE("Forged packets of a million sources take no place; authentic ones at most 128") {
    Link link(key_of(SrtpSuite::AeadAes128Gcm));
    for (std::uint32_t ssrc = 0; ssrc < 1000; ++ssrc) CHECK(link.open(rtp(1, ssrc)).empty());
    for (std::uint32_t ssrc = 0; ssrc < SrtpReceiver::kMostSources; ++ssrc) {
        REQUIRE(!link.open(link.protect(rtp(1, ssrc))).empty());
    }

    CHECK(link.open(link.protect(rtp(1, 5000))).empty());
    CHECK(link.receiver->counters().excess == 1);
    CHECK(!link.open(link.protect(rtp(2, 0))).empty());
}

TEST_CASE("A key needs exactly the bytes of its suite") {
    CHECK_FALSE(SrtpKey::of(SrtpSuite::AeadAes256Gcm, counted(43, 0)));
    CHECK_FALSE(SrtpKey::of(SrtpSuite::AesCm128HmacSha1_80, counted(44, 0)));
    CHECK_FALSE(SrtpSender::create(SrtpKey()).has_value());
    CHECK_FALSE(SrtpReceiver::create(SrtpKey()).has_value());
}

TEST_CASE("What is no packet is not protected") {
    Link link(key_of(SrtpSuite::AeadAes128Gcm));

    CHECK(link.protect(Bytes(11)).empty());
    CHECK(link.protect_rtcp(Bytes(7)).empty());
}

// ---- roll-over counters of a peer that kept its key while we began anew

namespace {

/// The next packet of a sender that has counted `roll_overs` times around.
Bytes rolled_over(Link& link, std::uint32_t roll_overs, std::uint32_t ssrc = 0xcafebabe) {
    for (std::uint32_t i = 0; i < roll_overs; ++i) {
        for (const std::uint16_t sequence : std::array<std::uint16_t, 3>{1, 0x6000, 0xc000}) {
            static_cast<void>(link.protect(rtp(sequence, ssrc)));
        }
    }
    return link.protect(rtp(7, ssrc));
}

}  // namespace

TEST_CASE("A peer that kept its key is understood by a receiver that begins anew") {
    for (const SrtpSuite suite : common::kSrtpSuites) {
        for (const std::uint32_t count : {0U, 1U, 2U, SrtpReceiver::kMostRollOvers}) {
            INFO(common::srtp_suite_name(suite) << ", " << count << " times around");
            Link link(key_of(suite));
            const Bytes sealed = rolled_over(link, count);

            CHECK(link.open(sealed) == rtp(7));
            CHECK(link.open(link.protect(rtp(8))) == rtp(8));
            CHECK(link.open(sealed).empty());
            CHECK(link.receiver->counters().replayed == 1);
            CHECK(link.receiver->counters().forged == 0);
        }
    }
}

TEST_CASE("A roll-over of one that was understood anew is followed") {
    Link link(key_of(SrtpSuite::AeadAes128Gcm));
    CHECK_FALSE(link.open(rolled_over(link, 3)).empty());

    for (const std::uint16_t sequence : std::array<std::uint16_t, 3>{0x6000, 0xc000, 5}) {
        CHECK(link.open(link.protect(rtp(sequence))) == rtp(sequence));
    }
}

TEST_CASE("Where its report came first, the counter is found with the first packet") {
    Link link(key_of(SrtpSuite::AesCm128HmacSha1_80));
    CHECK(link.open_rtcp(link.protect_rtcp(kReport)) == kReport);

    CHECK(link.open(rolled_over(link, 2)) == rtp(7));
    CHECK(link.open_rtcp(link.protect_rtcp(kReport)) == kReport);
}

TEST_CASE(
    "A counter beyond all that is tried stays unknown, and one sender's does not spoil another's") {
    for (const SrtpSuite suite : common::kSrtpSuites) {
        INFO(common::srtp_suite_name(suite));
        Link link(key_of(suite));

        CHECK(link.open(rolled_over(link, SrtpReceiver::kMostRollOvers + 1)).empty());
        CHECK(link.open(rolled_over(link, 2, 0xbeef)) == rtp(7, 0xbeef));
        CHECK(link.receiver->counters().forged == 1);
        CHECK(link.open(link.protect(rtp(1, 5))) == rtp(1, 5));
    }
}

TEST_CASE("Forgers use up the guesses, and who begins at nought is understood all the same") {
    Link link(key_of(SrtpSuite::AesCm128HmacSha1_80));
    Link forger(key_of(SrtpSuite::AesCm128HmacSha1_80, 50));
    const Bytes late = rolled_over(link, 1, 0xbeef);

    for (std::uint32_t i = 0; i <= SrtpReceiver::kMostGuesses / SrtpReceiver::kMostRollOvers; ++i) {
        CHECK(link.open(forger.protect(rtp(7, 1000 + i))).empty());
    }

    CHECK(link.open(late).empty());
    CHECK(link.open(link.protect(rtp(1))) == rtp(1));
}

TEST_CASE("A forged packet with the SSRC of somebody who is understood changes nothing") {
    Link link(key_of(SrtpSuite::AeadAes256Gcm));
    Link forger(key_of(SrtpSuite::AeadAes256Gcm, 50));
    CHECK_FALSE(link.open(rolled_over(link, 2)).empty());

    CHECK(link.open(forger.protect(rtp(8))).empty());

    CHECK(link.open(link.protect(rtp(8))) == rtp(8));
}

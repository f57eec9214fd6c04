#include <algorithm>
#include <catch2/catch.hpp>

#include "mcu/rtp/rtcp/generic_nack.h"
#include "tests/unit/mcu/session/session_fixture.h"

using tests::Bytes;
using tests::PeerPorts;
using tests::RtpOnWire;
using tests::SessionFixture;
using namespace std::chrono_literals;

namespace {

constexpr std::uint8_t kRtx = 97;
const Bytes kKeyFrame{0x10, 0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 0x77};
const Bytes kPredicted{0x10, 0x51, 0x01, 0x00, 0x88};

mcu::MediaConfig with_rtx(const PeerPorts* peer) {
    mcu::MediaConfig config = SessionFixture::vp8(peer);
    config.send.rtx_payload_type = config.receive[0].rtx_payload_type = kRtx;
    config.feedback_nack = true;
    return config;
}

Bytes nack(std::uint32_t media, std::uint16_t sequence) {
    Bytes bytes;
    common::ByteWriter writer(bytes);
    mcu::write_generic_nack(99, media, std::span(&sequence, 1), writer);
    return bytes;
}

/// A peer that sends VP8 and repeats of it.
struct Sender {
    explicit Sender(SessionFixture& fixture) : f(fixture) {
        local = f.configure({with_rtx(&ports)}).at(0);
        tests::recorded().frames.clear();
    }
    void send(std::uint16_t sequence, const Bytes& payload) {
        f.send(ports.rtp, packet(sequence, payload), local.rtp_port);
    }
    /// The original's number before its payload, under another SSRC (RFC 4588 4).
    void repeat(std::uint16_t sequence, const Bytes& payload) {
        RtpOnWire repeat = packet(sequence, payload);
        repeat.payload = {static_cast<std::uint8_t>(sequence >> 8),
                          static_cast<std::uint8_t>(sequence)};
        for (const std::uint8_t byte : payload) repeat.payload.push_back(byte);
        repeat.payload_type = kRtx;
        repeat.ssrc = 3000;
        repeat.sequence = ++repeats;
        f.send(ports.rtp, repeat, local.rtp_port);
    }
    static RtpOnWire packet(std::uint16_t sequence, const Bytes& payload) {
        return {.payload_type = SessionFixture::kVp8,
                .marker = true,
                .sequence = sequence,
                .rtp_time = sequence * 3000U,
                .ssrc = 2000,
                .payload = payload};
    }

    SessionFixture& f;
    PeerPorts ports;
    mcu::LocalMedia local;
    std::uint16_t repeats = 500;
};

}  // namespace

TEST_CASE("What a peer with RTX misses comes again as a stream of its own, told in advance") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({with_rtx(&peer)}).at(0);
    CHECK(local.rtx_ssrc != 0);
    CHECK(local.rtx_ssrc != local.ssrc);
    auto picture = std::make_shared<mixer::EncodedPicture>();
    picture->key = true;
    picture->codec = common::VideoCodec::Vp8;
    picture->media_time = f.clock.now();
    picture->storage.assign(3000, 0x50);
    picture->nals.emplace_back(picture->storage);
    f.picture(picture);
    const auto sent = f.drain_rtp(peer.rtp);
    REQUIRE(sent.size() == 3);
    f.pass(60ms);

    f.send(peer.rtcp, nack(local.ssrc, sent[2].sequence), local.rtcp_port);
    f.pass(5ms);

    const auto again = f.drain_rtp(peer.rtp);
    REQUIRE(again.size() == 1);
    CHECK(again[0].payload_type == kRtx);
    CHECK(again[0].ssrc == local.rtx_ssrc);
    CHECK(again[0].rtp_time == sent[2].rtp_time);
    CHECK(again[0].marker);
    Bytes payload{static_cast<std::uint8_t>(sent[2].sequence >> 8),
                  static_cast<std::uint8_t>(sent[2].sequence)};
    for (const std::uint8_t byte : sent[2].payload) payload.push_back(byte);
    CHECK((again[0].payload == payload));
    CHECK(f.counters().packets_sent == 3);
    CHECK(f.counters().packets_sent_again == 1);
}

TEST_CASE("A NACK of repeats themselves is not answered") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({with_rtx(&peer)}).at(0);

    for (std::uint16_t sequence = 0; sequence < 3; ++sequence)
        f.send(peer.rtcp, nack(local.rtx_ssrc, sequence), local.rtcp_port);

    CHECK(f.drain_rtp(peer.rtp).empty());
    CHECK(f.counters().packets_sent_again == 0);
}

TEST_CASE("Without NACK there is no RTX, and without RTX no SSRC of it") {
    SessionFixture f;
    PeerPorts peer;
    mcu::MediaConfig config = with_rtx(&peer);
    config.feedback_nack = false;
    CHECK(f.configure({config}).at(0).rtx_ssrc == 0);

    CHECK(f.configure({with_rtx(&peer)}).at(0).rtx_ssrc != 0);
    CHECK(f.configure({SessionFixture::vp8(&peer)}).at(0).rtx_ssrc == 0);
}

TEST_CASE("A peer's repeat fills the gap, and no key frame is needed") {
    SessionFixture f;
    Sender peer(f);
    peer.send(1, kKeyFrame);
    peer.send(2, kPredicted);
    peer.send(4, kPredicted);
    f.pass(10ms);
    CHECK(tests::recorded().frames.size() == 2);

    peer.repeat(3, kPredicted);

    REQUIRE(tests::recorded().frames.size() == 4);
    CHECK_FALSE(tests::recorded().frames[2].follows_loss);
    CHECK_FALSE(tests::recorded().frames[3].follows_loss);
    CHECK(tests::recorded().frames[2].rtp_time_90khz == 9000);
    CHECK(f.counters().dropped.sum() == 0);
    CHECK(f.counters().packets_received == 4);
    CHECK(f.counters().packets_recovered == 1);
}

TEST_CASE("Probes that repeat what came, or nothing, change nothing") {
    SessionFixture f;
    Sender peer(f);
    peer.send(1, kKeyFrame);
    peer.send(2, kPredicted);

    peer.repeat(2, kPredicted);
    peer.repeat(1, kKeyFrame);
    peer.repeat(2, {});
    peer.send(3, kPredicted);

    CHECK(tests::recorded().frames.size() == 3);
    CHECK(f.counters().packets_lost == 0);
    CHECK(f.counters().dropped.sum() == 0);
}

TEST_CASE("Repeats alone begin no stream") {
    SessionFixture f;
    Sender peer(f);

    for (std::uint16_t sequence = 1; sequence < 5; ++sequence) peer.repeat(sequence, kKeyFrame);

    CHECK(tests::recorded().frames.empty());
    CHECK(f.observer.events.empty());
}

#include <algorithm>
#include <catch2/catch.hpp>

#include "mcu/rtp/rtcp/generic_nack.h"
#include "tests/unit/mcu/session/session_fixture.h"

using common::VideoCodec;
using tests::Bytes;
using tests::PeerPorts;
using tests::RtpOnWire;
using tests::SessionFixture;
using namespace std::chrono_literals;

namespace {

constexpr int kPayloadFeedback = 206, kPli = 1;

// RFC 6386 9.1: the tag of a key frame, its start code, 320x180; and one that refers to it.
const Bytes kKeyFrame{0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 0x77};
const Bytes kPredicted{0x51, 0x01, 0x00, 0x88};

mixer::EncodedPictureRef vp8_picture(bool key, std::size_t bytes, common::Timestamp at) {
    const auto base = tests::make_picture(key, {bytes}, at);
    auto picture = std::make_shared<mixer::EncodedPicture>();
    picture->media_time = at;
    picture->key = key;
    picture->codec = VideoCodec::Vp8;
    picture->rendition = 1;
    picture->storage.assign(bytes, key ? 0x50 : 0x51);
    picture->nals.emplace_back(picture->storage);
    return picture;
}

/// The picture that payloads of one octet of descriptor make.
Bytes joined(const std::vector<RtpOnWire>& packets) {
    Bytes frame;
    for (const RtpOnWire& packet : packets) {
        frame.insert(frame.end(), packet.payload.begin() + 1, packet.payload.end());
    }
    return frame;
}

struct Vp8Peer {
    explicit Vp8Peer(SessionFixture& fixture, const mcu::MediaConfig& config) : f(fixture) {
        mcu::MediaConfig placed = config;
        placed.peer = ports.address();
        local = f.configure({placed}).at(0);
        tests::recorded().frames.clear();
    }
    void send(std::uint8_t type, const Bytes& frame, std::uint8_t descriptor = 0x10) {
        Bytes payload{descriptor};
        payload.insert(payload.end(), frame.begin(), frame.end());
        f.send(ports.rtp,
               RtpOnWire{.payload_type = type,
                         .marker = true,
                         .sequence = sequence++,
                         .rtp_time = time,
                         .ssrc = 2000,
                         .payload = payload},
               local.rtp_port);
        time += 3000;
        f.pass(33ms);
    }

    SessionFixture& f;
    PeerPorts ports;
    mcu::LocalMedia local;
    std::uint16_t sequence = 100;
    std::uint32_t time = 90'000;
};

const std::vector<common::EncodedFrame>& frames() {
    return tests::recorded().frames;
}

}  // namespace

TEST_CASE("VP8 leaves whole, cut into packets of at most 1200 bytes, the last one marked") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::vp8(&peer)});
    const auto picture = vp8_picture(true, 5000, f.clock.now());

    f.picture(picture);

    const std::vector<RtpOnWire> packets = f.drain_rtp(peer.rtp);
    REQUIRE(packets.size() == 5);
    for (const RtpOnWire& packet : packets) {
        CHECK(packet.payload_type == SessionFixture::kVp8);
        CHECK(packet.payload.size() + 12 <= 1200);
        CHECK(packet.payload[0] == (&packet == &packets.front() ? 0x10 : 0x00));
        CHECK(packet.marker == (&packet == &packets.back()));
    }
    CHECK(joined(packets) == picture->storage);
}

TEST_CASE("Pictures of the codec that was agreed on before are left out") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::video(&peer)});
    f.picture(tests::make_picture(true, {500}, f.clock.now()));
    f.configure({SessionFixture::vp8(&peer)});
    (void)f.drain_rtp(peer.rtp);

    f.picture(tests::make_picture(false, {500}, f.clock.now()));
    CHECK(f.drain_rtp(peer.rtp).empty());
    f.picture(vp8_picture(true, 500, f.clock.now()));

    CHECK(f.drain_rtp(peer.rtp).size() == 1);
}

TEST_CASE("A missed VP8 packet goes out again when it is asked for") {
    SessionFixture f;
    PeerPorts peer;
    mcu::MediaConfig config = SessionFixture::vp8(&peer);
    config.feedback_nack = true;
    const auto local = f.configure({config}).at(0);
    f.picture(vp8_picture(true, 3000, f.clock.now()));
    const auto sent = f.drain_rtp(peer.rtp);
    REQUIRE(sent.size() == 3);
    f.pass(60ms);

    Bytes nack;
    common::ByteWriter writer(nack);
    mcu::write_generic_nack(99, local.ssrc, std::span(&sent[1].sequence, 1), writer);
    f.send(peer.rtcp, nack, local.rtcp_port);
    f.pass(5ms);

    const auto again = f.drain_rtp(peer.rtp);
    REQUIRE(again.size() == 1);
    CHECK(again[0].sequence == sent[1].sequence);
    CHECK(again[0].payload == sent[1].payload);
}

TEST_CASE("VP8 that comes is handed to the decoder from its key frame on") {
    SessionFixture f;
    Vp8Peer peer(f, SessionFixture::vp8(nullptr));

    peer.send(SessionFixture::kVp8, kPredicted);
    peer.send(SessionFixture::kVp8, kPredicted);
    CHECK(frames().empty());
    CHECK(tests::count_rtcp(f.drain(peer.ports.rtcp), kPayloadFeedback, kPli) > 0);
    peer.send(SessionFixture::kVp8, kKeyFrame);
    peer.send(SessionFixture::kVp8, kPredicted);

    REQUIRE(frames().size() == 2);
    CHECK(frames()[0].codec == VideoCodec::Vp8);
    CHECK(frames()[0].key_frame);
    CHECK(frames()[0].bytes == kKeyFrame);
    CHECK_FALSE(frames()[1].key_frame);
}

TEST_CASE("What makes no VP8 picture is counted as broken") {
    SessionFixture f;
    Vp8Peer peer(f, SessionFixture::vp8(nullptr));
    peer.send(SessionFixture::kVp8, kKeyFrame);

    peer.send(SessionFixture::kVp8, {0x50, 0x01, 0x00, 0xff});

    CHECK(frames().size() == 1);
    CHECK(f.counters().pictures_broken == 1);
}

TEST_CASE("A peer that was offered both codecs may change from one to the other at any packet") {
    SessionFixture f;
    mcu::MediaConfig both = SessionFixture::video(nullptr);
    both.receive.push_back(SessionFixture::vp8(nullptr).receive.front());
    Vp8Peer peer(f, both);

    peer.send(SessionFixture::kVp8, kKeyFrame);
    peer.send(SessionFixture::kVp8, kPredicted);
    CHECK(frames().size() == 2);
    // Lowest of all NAL units: a slice, which shows nothing before an IDR.
    peer.send(SessionFixture::kH264, {0x9a, 0x01}, 0x41);
    CHECK(frames().size() == 2);
    peer.send(SessionFixture::kVp8, kPredicted);
    CHECK(frames().size() == 2);
    peer.send(SessionFixture::kVp8, kKeyFrame);

    CHECK(frames().size() == 3);
}

#include <catch2/catch.hpp>

#include "tests/unit/mcu/session/session_fixture.h"

using common::AudioCodec;
using mcu::MediaConfig;
using tests::Bytes;
using tests::PeerPorts;
using tests::recorded;
using tests::RtpOnWire;
using tests::SessionFixture;
using tests::UdpPeer;
using namespace std::chrono_literals;

namespace {

RtpOnWire sound(std::uint16_t sequence, std::uint32_t ssrc = 1000) {
    return {.payload_type = SessionFixture::kPcmu,
            .sequence = sequence,
            .rtp_time = sequence * 160U,
            .ssrc = ssrc,
            .payload = Bytes(160)};
}

void send_pair(SessionFixture& f, const UdpPeer& from, std::uint16_t first, std::uint16_t port,
               std::uint32_t ssrc = 1000) {
    f.send(from, sound(first, ssrc), port);
    f.send(from, sound(static_cast<std::uint16_t>(first + 1), ssrc), port);
}

int datagrams(UdpPeer& peer) {
    int count = 0;
    while (peer.receive()) ++count;
    return count;
}

MediaConfig audio(const PeerPorts* peer) {
    return SessionFixture::audio(AudioCodec::Pcmu, peer);
}

}  // namespace

TEST_CASE("An empty datagram goes first to both ports, to open pinholes, and once") {
    SessionFixture f;
    PeerPorts peer;

    f.configure({audio(&peer)});
    CHECK(peer.rtp.receive() == Bytes{});
    CHECK(peer.rtcp.receive() == Bytes{});
    f.configure({audio(&peer)});

    CHECK_FALSE(peer.rtp.receive().has_value());
}

TEST_CASE("Without a peer's address nothing is sent until its media comes") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({audio(nullptr)});
    f.tick_audio({1});
    CHECK(datagrams(peer.rtp) == 0);

    send_pair(f, peer.rtp, 1, local[0].rtp_port);
    f.tick_audio({2});

    CHECK(f.drain_rtp(peer.rtp).size() == 1);
}

TEST_CASE("Behind a NAT, sending follows the source that proved itself") {
    SessionFixture f;
    PeerPorts signalled;
    PeerPorts nat;
    const auto local = f.configure({audio(&signalled)});
    f.tick_audio({1});
    CHECK(f.drain_rtp(signalled.rtp).size() == 1);

    send_pair(f, nat.rtp, 1, local[0].rtp_port);
    f.tick_audio({2});

    CHECK(f.drain_rtp(signalled.rtp).empty());
    CHECK(f.drain_rtp(nat.rtp).size() == 1);
}

TEST_CASE("Behind a NAT, RTCP goes where its RTCP comes from") {
    SessionFixture f;
    PeerPorts signalled;
    PeerPorts nat;
    const auto local = f.configure({audio(&signalled)});
    send_pair(f, nat.rtp, 1, local[0].rtp_port);
    f.send(nat.rtcp, Bytes{0x80, 201, 0, 1, 0, 0, 3, 0xe8}, local[0].rtcp_port);
    f.drain(signalled.rtcp);

    f.pass(10s);

    CHECK_FALSE(f.drain(nat.rtcp).empty());
    CHECK(f.drain(signalled.rtcp).empty());
}

TEST_CASE("One who sprays RTP after the lock gets nothing and changes nothing") {
    SessionFixture f;
    PeerPorts peer;
    PeerPorts stranger;
    const auto local = f.configure({audio(&peer), SessionFixture::video(nullptr)});
    send_pair(f, peer.rtp, 1, local[0].rtp_port);
    f.send(peer.rtcp, Bytes{0x80, 201, 0, 1, 0, 0, 3, 0xe8}, local[0].rtcp_port);
    const auto heard = recorded().sound.size();
    const auto resets = recorded().playout_resets;

    for (std::uint16_t i = 0; i < 500; ++i) {
        f.send(stranger.rtp, sound(i, 1000), local[0].rtp_port);  // our peer's SSRC, too
        f.send(stranger.rtp, sound(i, 4711), local[0].rtp_port);
        f.send(stranger.rtcp, Bytes{0x80, 203, 0, 1, 0, 0, 3, 0xe8}, local[0].rtcp_port);  // BYE
        f.pass(10ms);
        if (i % 2 == 0) f.tick_audio({1});
        if (i % 50 == 0) {
            f.send(peer.rtp, sound(static_cast<std::uint16_t>(3 + i / 50)), local[0].rtp_port);
        }
    }

    CHECK(datagrams(stranger.rtp) == 0);
    CHECK(datagrams(stranger.rtcp) == 0);
    CHECK(recorded().sound.size() == heard + 10);
    CHECK(recorded().playout_resets == resets);
    CHECK(f.drain_rtp(peer.rtp).size() == 250);
    CHECK(f.counters().dropped.sum() == 1500);
    CHECK(f.counters().packets_lost == 0);
}

TEST_CASE("Who was faster than the peer loses to the signalled address") {
    SessionFixture f;
    PeerPorts peer;
    PeerPorts stranger;
    const auto local = f.configure({audio(&peer)});
    send_pair(f, stranger.rtp, 1, local[0].rtp_port, 4711);

    f.pass(2s);
    send_pair(f, peer.rtp, 100, local[0].rtp_port);
    send_pair(f, stranger.rtp, 3, local[0].rtp_port, 4711);
    datagrams(stranger.rtp);
    f.tick_audio({1});

    CHECK(f.drain_rtp(peer.rtp).size() == 1);
    CHECK(datagrams(stranger.rtp) == 0);
    CHECK(recorded().sound.back().sequence == 101);
}

TEST_CASE("A new address in signalling moves both directions") {
    SessionFixture f;
    PeerPorts before;
    PeerPorts after;
    const auto local = f.configure({audio(&before)});
    send_pair(f, before.rtp, 1, local[0].rtp_port);

    MediaConfig moved = audio(&after);
    moved.relearn = 1;
    f.configure({moved});
    datagrams(before.rtp);
    f.tick_audio({1});
    CHECK(f.drain_rtp(after.rtp).size() == 1);
    f.send(before.rtp, sound(3), local[0].rtp_port);  // still on its way
    send_pair(f, after.rtp, 9000, local[0].rtp_port, 77);
    f.tick_audio({2});

    CHECK(recorded().sound.size() == 5);
    CHECK(f.drain_rtp(after.rtp).size() == 1);
    CHECK(f.drain_rtp(before.rtp).empty());
    send_pair(f, before.rtp, 4, local[0].rtp_port);
    CHECK(recorded().sound.size() == 5);
}

TEST_CASE("Without signalling a peer that moves is not followed; raised `relearn` lets it") {
    SessionFixture f;
    PeerPorts peer;
    PeerPorts nat;
    MediaConfig config = audio(&peer);
    const auto local = f.configure({config});
    send_pair(f, peer.rtp, 1, local[0].rtp_port);

    send_pair(f, nat.rtp, 3, local[0].rtp_port);
    CHECK(recorded().sound.size() == 2);
    config.relearn = 1;
    f.configure({config});
    send_pair(f, nat.rtp, 5, local[0].rtp_port);
    f.tick_audio({1});

    CHECK(recorded().sound.size() == 4);
    CHECK(f.drain_rtp(nat.rtp).size() == 1);
}

TEST_CASE("IPv6 carries media both ways") {
    SessionFixture f("::1");
    PeerPorts peer("::1");
    const auto local = f.configure({audio(&peer)});
    CHECK(local[0].address == "::1");

    send_pair(f, peer.rtp, 1, local[0].rtp_port);
    f.tick_audio({1});

    CHECK(recorded().sound.size() == 2);
    CHECK(f.drain_rtp(peer.rtp).size() == 1);
}

TEST_CASE("Without a local address the route to each peer decides, IPv4 or IPv6") {
    SessionFixture f("");
    PeerPorts v4("127.0.0.1");
    PeerPorts v6("::1");
    MediaConfig second = SessionFixture::video(&v6);
    const auto local = f.configure({audio(&v4), second});
    CHECK(local[0].address == "127.0.0.1");
    CHECK(local[1].address == "::1");

    send_pair(f, v4.rtp, 1, local[0].rtp_port);
    f.tick_audio({1});
    f.picture(tests::make_picture(true, {100}, f.clock.now()));

    CHECK(recorded().sound.size() == 2);
    CHECK(f.drain_rtp(v4.rtp).size() == 1);
    CHECK(f.drain_rtp(v6.rtp).size() == 1);
    CHECK(f.configure({audio(nullptr), second})[0].address == "0.0.0.0");
}

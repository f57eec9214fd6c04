#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/mcu/session/session_fixture.h"

using common::AudioCodec;
using mcu::Direction;
using mcu::MediaConfig;
using tests::Bytes;
using tests::PeerPorts;
using tests::recorded;
using tests::RtpOnWire;
using tests::SessionFixture;
using namespace std::chrono_literals;

namespace {

constexpr int kTransportFeedback = 205, kNack = 1, kTmmbr = 3;
constexpr int kPayloadFeedback = 206, kPli = 1, kFir = 4, kByeType = 203;

RtpOnWire sound(std::uint16_t sequence, std::uint32_t ssrc = 1000) {
    return {.payload_type = SessionFixture::kPcmu,
            .sequence = sequence,
            .rtp_time = sequence * 160U,
            .ssrc = ssrc,
            .payload = Bytes(160, static_cast<std::uint8_t>(sequence))};
}

// Constrained Baseline 3.1, 640x480, as x264 writes it; and a PPS for it.
const Bytes kSps{0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0xa0, 0x3d, 0xa1, 0x00, 0x00, 0x03,
                 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x0f, 0x18, 0x31, 0x92};
const Bytes kPps{0x68, 0xcb, 0x83, 0xcb, 0x20};

std::uint32_t u32_at(const Bytes& bytes, std::size_t at) {
    return static_cast<std::uint32_t>(bytes.at(at)) << 24 |
           static_cast<std::uint32_t>(bytes.at(at + 1)) << 16 |
           static_cast<std::uint32_t>(bytes.at(at + 2)) << 8 | bytes.at(at + 3);
}

/// How many packets all the generic NACKs in these compounds ask for (RFC 4585 6.2.1).
int nacked(const std::vector<Bytes>& compounds) {
    int packets = 0;
    for (const Bytes& compound : compounds) {
        for (const auto& [type, bytes] : tests::rtcp_packets(compound)) {
            if (type != kTransportFeedback || (bytes[0] & 31) != kNack) continue;
            for (std::size_t at = 12; at < bytes.size(); at += 4) {
                packets += 1 + std::popcount(u32_at(bytes, at) & 0xffffU);
            }
        }
    }
    return packets;
}

/// A peer's video, a picture a packet but for key pictures, which have three.
struct VideoPeer {
    explicit VideoPeer(SessionFixture& fixture) : f(fixture) {
        MediaConfig config = SessionFixture::video(&ports);
        open(config);
    }
    VideoPeer(SessionFixture& fixture, MediaConfig config) : f(fixture) { open(config); }
    void open(MediaConfig config) {
        config.peer = ports.address();
        local = f.configure({config}).at(0);
    }
    void send_nal(const Bytes& nal, bool last) {
        f.send(ports.rtp,
               RtpOnWire{.payload_type = SessionFixture::kH264,
                         .marker = last,
                         .sequence = sequence++,
                         .rtp_time = time,
                         .ssrc = ssrc,
                         .payload = nal},
               local.rtp_port);
    }
    void key_picture() {
        send_nal(kSps, false);
        send_nal(kPps, false);
        send_nal({0x65, 0x88, 1}, true);
        next();
    }
    void picture() {
        send_nal({0x41, 0x9a, 1}, true);
        next();
    }
    void next() {
        time += 3000;
        f.pass(33ms);
    }
    int plis() { return tests::count_rtcp(f.drain(ports.rtcp), kPayloadFeedback, kPli); }

    SessionFixture& f;
    PeerPorts ports;
    mcu::LocalMedia local;
    std::uint16_t sequence = 65533;
    std::uint32_t time = 90'000, ssrc = 2000;
};

}  // namespace

TEST_CASE("A peer that knows TMMBR is asked for less, under each SSRC it sends as") {
    SessionFixture f;
    MediaConfig config = SessionFixture::video(nullptr);
    config.feedback_tmmbr = true;
    VideoPeer peer(f, config);
    const auto asked_of = [&]() -> std::vector<std::uint32_t> {
        std::vector<std::uint32_t> ssrcs;
        for (const Bytes& compound : f.drain(peer.ports.rtcp)) {
            for (const auto& [type, packet] : tests::rtcp_packets(compound)) {
                if (type != kTransportFeedback || (packet[0] & 0x1f) != kTmmbr) continue;
                // 1 500 000 bit/s are 93 750 << 4 (RFC 5104 4.2.1.1); 40 bytes of headers a packet.
                CHECK(u32_at(packet, 16) == (4U << 26 | 93'750U << 9 | 40));
                ssrcs.push_back(u32_at(packet, 12));
            }
        }
        return ssrcs;
    };

    CHECK(f.session->limit_peer(common::Bitrate::from_kbps(1500)));
    f.net.run_ready();
    CHECK(asked_of().empty());
    peer.key_picture();
    CHECK(asked_of() == std::vector<std::uint32_t>{2000});
    f.pass(1s);
    CHECK(asked_of() == std::vector<std::uint32_t>{2000});

    peer.picture();
    MediaConfig moved = config;
    moved.peer = peer.ports.address();
    moved.relearn = 1;
    f.configure({moved});
    peer.ssrc = 3000;
    peer.key_picture();
    CHECK(asked_of() == std::vector<std::uint32_t>{3000});
}

TEST_CASE("Whoever limits a peer waits for no net thread, nor does the limit outlive the session") {
    SessionFixture f;
    VideoPeer peer(f);
    bool taken = false;

    // Nobody runs the net thread meanwhile: a call would never return.
    std::thread([&] { taken = f.session->limit_peer(common::Bitrate::from_kbps(128)); }).join();
    f.session.reset();
    f.net.run_ready();

    CHECK(taken);
}

TEST_CASE("A peer that does not know TMMBR is asked for nothing") {
    SessionFixture f;
    VideoPeer peer(f);
    peer.key_picture();

    CHECK(f.session->limit_peer(common::Bitrate::from_kbps(128)));
    f.pass(2s);

    CHECK(tests::count_rtcp(f.drain(peer.ports.rtcp), kTransportFeedback, kTmmbr) == 0);
}

TEST_CASE("Sound goes to the playout as it came, with codec and arrival time") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});

    f.send(peer.rtp, sound(10), local[0].rtp_port);
    f.pass(20ms);
    f.send(peer.rtp, sound(11), local[0].rtp_port);
    f.pass(20ms);
    f.send(peer.rtp, sound(13), local[0].rtp_port);
    f.send(peer.rtp, sound(12), local[0].rtp_port);

    REQUIRE(recorded().sound.size() == 4);
    CHECK(recorded().sound[0].codec == AudioCodec::Pcmu);
    CHECK(recorded().sound[0].sequence == 10);
    CHECK(recorded().sound[0].payload == Bytes(160, 10));
    CHECK(recorded().sound[1].rtp_time == 11 * 160);
    CHECK(recorded().sound[1].arrival - recorded().sound[0].arrival == 20ms);
    CHECK(recorded().sound[2].sequence == 13);  // unordered: the playout does that
    CHECK(recorded().sound[3].sequence == 12);
    CHECK(f.counters().packets_received == 4);
    CHECK(f.counters().dropped.sum() == 0);
}

TEST_CASE("A PCMU caller without telephone events is heard") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::audio(AudioCodec::Pcmu, &peer);
    config.telephone_event_pt = 0;
    const auto local = f.configure({config});

    f.send(peer.rtp, sound(1), local[0].rtp_port);
    f.send(peer.rtp, sound(2), local[0].rtp_port);

    CHECK(recorded().sound.size() == 2);
}

TEST_CASE("What is no media of ours is dropped and counted, and media goes on") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});
    f.send(peer.rtp, sound(1), local[0].rtp_port);
    f.send(peer.rtp, sound(2), local[0].rtp_port);

    RtpOnWire unknown = sound(3);
    unknown.payload_type = 77;
    f.send(peer.rtp, unknown, local[0].rtp_port);               // not negotiated
    f.send(peer.rtp, Bytes{0x80, 0, 1}, local[0].rtp_port);     // too short
    f.send(peer.rtp, Bytes{0x00, 1, 0, 0}, local[0].rtp_port);  // STUN
    f.send(peer.rtp, Bytes{}, local[0].rtp_port);               // a keepalive
    f.send(peer.rtp, Bytes(1600, 0x80), local[0].rtp_port);     // too long
    f.send(peer.rtp, sound(3), local[0].rtcp_port);             // RTP on the RTCP port
    f.send(peer.rtp, Bytes{0x80, 201, 0, 1, 0, 0, 0, 9}, local[0].rtp_port);    // and the reverse
    f.send(peer.rtcp, Bytes{0x80, 201, 0, 9, 0, 0, 0, 9}, local[0].rtcp_port);  // broken RTCP

    CHECK(f.counters().dropped ==
          mcu::DropCounts{.misplaced = 2, .malformed = 5, .unknown_payload = 1});
    f.send(peer.rtp, sound(4), local[0].rtp_port);
    CHECK(recorded().sound.size() == 3);
    CHECK(f.observer.events == std::vector<std::string>{"started a"});
}

TEST_CASE("On hold what comes is dropped, and heard again after it") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::audio(AudioCodec::Opus, &peer);
    const auto local = f.configure({config});
    f.send(peer.rtp, sound(1), local[0].rtp_port);
    f.send(peer.rtp, sound(2), local[0].rtp_port);

    config.direction = Direction::Inactive;
    f.configure({config});
    f.send(peer.rtp, sound(3), local[0].rtp_port);
    CHECK(recorded().sound.size() == 2);
    config.direction = Direction::SendRecv;
    f.configure({config});
    f.send(peer.rtp, sound(4), local[0].rtp_port);

    CHECK(recorded().sound.size() == 3);
    CHECK(f.counters().dropped == mcu::DropCounts{.not_wanted = 1});
}

TEST_CASE("Media that stops for five seconds is told, and that it is back") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});
    CHECK(f.observer.events.empty());

    f.send(peer.rtp, sound(1), local[0].rtp_port);
    f.send(peer.rtp, sound(2), local[0].rtp_port);
    f.pass(4999ms);
    CHECK(f.observer.events == std::vector<std::string>{"started a"});
    f.pass(2ms);
    CHECK(f.observer.events == std::vector<std::string>{"started a", "stopped a"});
    f.pass(60s);
    f.send(peer.rtp, sound(3), local[0].rtp_port);

    CHECK(f.observer.events == std::vector<std::string>{"started a", "stopped a", "started a"});
}

TEST_CASE("A digit is told once, however often its packets repeat") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});
    f.send(peer.rtp, sound(1), local[0].rtp_port);
    f.send(peer.rtp, sound(2), local[0].rtp_port);

    // RFC 4733: event 5; the last three are repeated ends of 800 units at 8000 Hz.
    const std::vector<Bytes> payloads{{5, 10, 0x01, 0x90},
                                      {5, 10, 0x02, 0x80},
                                      {5, 0x8a, 0x03, 0x20},
                                      {5, 0x8a, 0x03, 0x20},
                                      {5, 0x8a, 0x03, 0x20}};
    std::uint16_t sequence = 3;
    for (const Bytes& payload : payloads) {
        f.send(peer.rtp,
               RtpOnWire{.payload_type = SessionFixture::kEvent,
                         .sequence = sequence++,
                         .rtp_time = 480,
                         .ssrc = 1000,
                         .payload = payload},
               local[0].rtp_port);
        f.pass(20ms);
    }

    REQUIRE(f.observer.digits.size() == 1);
    CHECK(f.observer.digits[0].first == '5');
    CHECK(f.observer.digits[0].second == 100ms);
    CHECK(recorded().sound.size() == 2);
}

TEST_CASE("A digit that lost its end is told when its packets stop") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});
    for (std::uint16_t sequence = 1; sequence <= 2; ++sequence) {
        f.send(peer.rtp,
               RtpOnWire{.payload_type = SessionFixture::kEvent,
                         .sequence = sequence,
                         .rtp_time = 480,
                         .ssrc = 1000,
                         .payload = {11, 10, 0x01, 0x90}},
               local[0].rtp_port);
    }
    CHECK(f.observer.digits.empty());

    f.pass(300ms);

    REQUIRE(f.observer.digits.size() == 1);
    CHECK(f.observer.digits[0].first == '#');
}

TEST_CASE("A digit of a restarted peer is told though the one before has the same RTP time") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});
    for (const std::uint32_t ssrc : {1000U, 2000U}) {
        for (std::uint16_t sequence = 1; sequence <= 6; ++sequence) {
            f.send(peer.rtp,
                   RtpOnWire{.payload_type = SessionFixture::kEvent,
                             .sequence = sequence,
                             .rtp_time = 480,
                             .ssrc = ssrc,
                             .payload = {5, 0x8a, 0x03, 0x20}},
                   local[0].rtp_port);
            f.pass(20ms);
        }
    }

    CHECK(f.observer.digits.size() == 2);
}

TEST_CASE("RTCP of a peer on hold, and RTP that nobody wants, are signs of life") {
    SessionFixture f;
    PeerPorts peer;
    auto held = SessionFixture::audio(AudioCodec::Opus, &peer);
    held.direction = mcu::Direction::SendOnly;
    const auto local = f.configure({held});
    const auto heard = [&] { return f.session->counters().at(0).packets_heard; };
    CHECK(heard() == 0);

    f.send(peer.rtcp, Bytes{0x80, 201, 0, 1, 0, 0, 0, 9}, local[0].rtcp_port);  // an empty RR
    CHECK(heard() == 1);
    f.send(peer.rtcp, Bytes{0x80, 201, 0, 9, 0, 0, 0, 9}, local[0].rtcp_port);  // a broken one
    CHECK(heard() == 1);
    f.send(peer.rtp, sound(1), local[0].rtp_port);
    f.send(peer.rtp, sound(2), local[0].rtp_port);
    CHECK(heard() == 3);
    CHECK(f.session->counters().at(0).packets_received == 0);
}

TEST_CASE("A peer that restarts with another SSRC is heard, and the playout begins anew") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});
    f.send(peer.rtp, sound(1), local[0].rtp_port);
    f.send(peer.rtp, sound(2), local[0].rtp_port);
    const int resets = recorded().playout_resets;

    f.send(peer.rtp, sound(40000, 77), local[0].rtp_port);
    f.send(peer.rtp, sound(40001, 77), local[0].rtp_port);

    CHECK(recorded().playout_resets == resets + 1);
    CHECK(recorded().sound.size() == 4);
}

TEST_CASE("A peer that uses our SSRC makes us take another, with a goodbye for the old") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});
    f.send(peer.rtp, sound(1), local[0].rtp_port);
    f.send(peer.rtp, sound(2), local[0].rtp_port);
    f.drain(peer.rtcp);

    f.send(peer.rtp, sound(3, local[0].ssrc), local[0].rtp_port);
    f.tick_audio({1});
    f.pass(10s);

    const std::vector<RtpOnWire> packets = f.drain_rtp(peer.rtp);
    REQUIRE(packets.size() == 1);
    CHECK(packets[0].ssrc != local[0].ssrc);
    CHECK(tests::count_rtcp(f.drain(peer.rtcp), kByeType) == 1);
    CHECK(f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)})[0].ssrc == packets[0].ssrc);
}

TEST_CASE("Video becomes whole pictures for the decode lane, across the sequence wrap") {
    SessionFixture f;
    VideoPeer peer(f);

    peer.key_picture();
    peer.picture();
    peer.picture();

    REQUIRE(recorded().frames.size() == 3);
    CHECK(recorded().frames[0].key_frame);
    CHECK_FALSE(recorded().frames[1].key_frame);
    CHECK(recorded().frames[1].rtp_time_90khz - recorded().frames[0].rtp_time_90khz == 3000);
    CHECK(recorded().frames[1].bytes == Bytes{0, 0, 0, 1, 0x41, 0x9a, 1});
}

TEST_CASE("Pictures of 16384x16384 are counted and go no further, and the next good one does") {
    const Bytes huge{0x67, 0x42, 0xc0, 0x1e, 0xda, 0x00, 0x10, 0x00, 0x00, 0x80, 0x19};
    SessionFixture f;
    VideoPeer peer(f);
    peer.key_picture();

    for (int i = 0; i < 3; ++i) {
        peer.send_nal(huge, false);
        peer.send_nal({0x65, 0x88, 1}, true);
        peer.next();
    }

    CHECK(f.counters().pictures_broken == 3);
    CHECK(recorded().frames.size() == 1);
    peer.key_picture();
    CHECK(f.counters().pictures_broken == 3);
    CHECK(recorded().frames.size() == 2);
}

TEST_CASE("After a loss a PLI goes out, once a second until a key picture comes") {
    SessionFixture f;
    VideoPeer peer(f);
    peer.key_picture();
    peer.picture();
    f.pass(1s);
    peer.plis();  // what the start may have asked

    ++peer.sequence;
    for (int i = 0; i < 10; ++i) peer.picture();
    CHECK(peer.plis() == 1);
    for (int i = 0; i < 60; ++i) peer.picture();
    CHECK(peer.plis() >= 1);
    peer.key_picture();
    peer.plis();
    f.pass(3s);

    CHECK(peer.plis() == 0);
    CHECK(f.counters().starts_wanted >= 2);
    CHECK(f.counters().packets_lost == 1);
    CHECK(f.observer.key_frames == 0);
}

TEST_CASE("A peer that takes FIR alone is asked by FIR") {
    SessionFixture f;
    MediaConfig config = SessionFixture::video(nullptr);
    config.feedback_pli = false;
    config.feedback_fir = true;
    VideoPeer peer(f, config);

    peer.picture();
    peer.picture();
    f.pass(100ms);

    CHECK(tests::count_rtcp(f.drain(peer.ports.rtcp), kPayloadFeedback, kFir) == 1);
}

TEST_CASE("A peer without feedback is asked by signalling, at most once a second") {
    SessionFixture f;
    MediaConfig config = SessionFixture::video(nullptr);
    config.feedback_pli = false;
    VideoPeer peer(f, config);

    for (int i = 0; i < 90; ++i) peer.picture();

    CHECK(f.observer.key_frames >= 2);
    CHECK(f.observer.key_frames <= 4);
    CHECK(peer.plis() == 0);
}

TEST_CASE("The mixer's wish for a key frame becomes one PLI, however often it is said") {
    SessionFixture f;
    VideoPeer peer(f);
    peer.key_picture();
    peer.picture();
    f.pass(2s);
    peer.plis();

    for (int i = 0; i < 10; ++i) {
        f.session->key_frame_requester().request_key_frame();
        peer.picture();
    }
    CHECK(peer.plis() == 1);
    const std::size_t before = recorded().frames.size();
    peer.key_picture();
    peer.picture();

    CHECK(recorded().frames.size() == before + 2);
    f.pass(3s);
    CHECK(peer.plis() == 0);
}

TEST_CASE("Nobody who looks: no key frame is asked for; a new lane asks at once") {
    SessionFixture f;
    f.session->set_inlets({});
    VideoPeer peer(f);
    for (int i = 0; i < 60; ++i) peer.picture();
    CHECK(peer.plis() == 0);

    f.session->set_inlets({f.playout.get(), f.lane.get()});
    peer.picture();

    CHECK(peer.plis() == 1);
    CHECK(recorded().frames.empty());
}

TEST_CASE("Freezes and the longest repair are counted on when other parameter sets are told") {
    SessionFixture f;
    MediaConfig config = SessionFixture::video(nullptr);
    VideoPeer peer(f, config);
    peer.key_picture();
    ++peer.sequence;
    peer.picture();
    f.pass(200ms);
    peer.key_picture();
    const double repair = f.counters().longest_repair_ms;
    CHECK(repair > 200);
    f.pass(600ms);
    CHECK(f.counters().freezes == 1);

    config.peer = peer.ports.address();
    config.receive[0].fmtp += ";sprop-parameter-sets=Z0LAH9oBQBbsBEAAAAMAQAAADwPGDKg=,aM4PyA==";
    f.configure({config});

    CHECK(f.counters().freezes == 1);
    CHECK(f.counters().longest_repair_ms == repair);
    peer.key_picture();
    CHECK(f.counters().freezes == 1);
}

TEST_CASE("A picture that stands because of hold is not frozen") {
    SessionFixture f;
    MediaConfig config = SessionFixture::video(nullptr);
    VideoPeer peer(f, config);
    peer.key_picture();
    config.peer = peer.ports.address();

    config.direction = Direction::SendOnly;
    f.configure({config});
    f.pass(10s);
    CHECK(f.counters().freezes == 0);
    config.direction = Direction::SendRecv;
    f.configure({config});
    peer.key_picture();

    CHECK(f.counters().freezes == 0);
}

TEST_CASE("Video of a restarted peer waits for its key picture, and asks for it") {
    SessionFixture f;
    VideoPeer peer(f);
    peer.key_picture();
    peer.picture();
    f.pass(2s);
    peer.plis();

    peer.ssrc = 3000;
    peer.sequence = 100;
    peer.picture();
    peer.picture();
    CHECK(recorded().frames.size() == 2);
    CHECK(peer.plis() == 1);
    peer.key_picture();

    CHECK(recorded().frames.size() == 3);
}

TEST_CASE("With generic NACK a lost packet is asked for, and its picture comes late but whole") {
    SessionFixture f;
    MediaConfig config = SessionFixture::video(nullptr);
    config.feedback_nack = true;
    VideoPeer peer(f, config);
    peer.key_picture();
    peer.picture();
    f.pass(1s);
    f.drain(peer.ports.rtcp);
    const std::size_t before = recorded().frames.size();

    const std::uint16_t lost = peer.sequence++;
    const std::uint32_t lost_time = peer.time;
    peer.next();
    peer.picture();
    const auto feedback = f.drain(peer.ports.rtcp);
    CHECK(tests::count_rtcp(feedback, kTransportFeedback, kNack) == 1);
    CHECK(tests::count_rtcp(feedback, kPayloadFeedback, kPli) == 0);
    CHECK(recorded().frames.size() == before);
    f.send(peer.ports.rtp,
           RtpOnWire{.payload_type = SessionFixture::kH264,
                     .marker = true,
                     .sequence = lost,
                     .rtp_time = lost_time,
                     .ssrc = peer.ssrc,
                     .payload = {0x41, 0x9a, 1}},
           peer.local.rtp_port);

    CHECK(recorded().frames.size() == before + 2);
    CHECK(f.counters().packets_recovered == 1);
    CHECK(peer.plis() == 0);
}

TEST_CASE("A packet that NACK does not bring back is given up for a key picture in half a second") {
    SessionFixture f;
    MediaConfig config = SessionFixture::video(nullptr);
    config.feedback_nack = true;
    VideoPeer peer(f, config);
    peer.key_picture();
    f.pass(1s);
    f.drain(peer.ports.rtcp);

    ++peer.sequence;
    for (int i = 0; i < 15; ++i) peer.picture();
    const auto feedback = f.drain(peer.ports.rtcp);

    CHECK(tests::count_rtcp(feedback, kTransportFeedback, kNack) >= 2);
    CHECK(tests::count_rtcp(feedback, kPayloadFeedback, kPli) == 1);
}

TEST_CASE("Of a burst of losses every packet is asked for, before any of them a second time") {
    SessionFixture f;
    MediaConfig config = SessionFixture::video(nullptr);
    config.feedback_nack = true;
    VideoPeer peer(f, config);
    peer.key_picture();
    f.pass(1s);
    f.drain(peer.ports.rtcp);

    peer.sequence = static_cast<std::uint16_t>(peer.sequence + 150);
    peer.picture();

    CHECK(nacked(f.drain(peer.ports.rtcp)) == 150);
}

TEST_CASE("A burst too long to be asked for is answered by a PLI with the next picture") {
    SessionFixture f;
    MediaConfig config = SessionFixture::video(nullptr);
    config.feedback_nack = true;
    VideoPeer peer(f, config);
    peer.key_picture();
    f.pass(1s);
    ++peer.sequence;  // which is asked for, until the burst makes that idle
    peer.picture();
    f.drain(peer.ports.rtcp);

    peer.sequence = static_cast<std::uint16_t>(peer.sequence + 250);
    peer.picture();
    const auto feedback = f.drain(peer.ports.rtcp);

    CHECK(nacked(feedback) == 0);
    CHECK(tests::count_rtcp(feedback, kPayloadFeedback, kPli) == 1);
}

TEST_CASE("A packet that is missing when nobody asks any more wakes nobody") {
    const bool held = GENERATE(true, false);
    const bool loses = GENERATE(true, false);
    SessionFixture f;
    MediaConfig config = SessionFixture::video(nullptr);
    config.feedback_nack = true;
    VideoPeer peer(f, config);
    peer.key_picture();
    f.pass(1s);
    if (loses) ++peer.sequence;
    peer.picture();

    config.peer = peer.ports.address();
    if (held) config.direction = Direction::SendOnly;
    config.feedback_nack = held;
    f.configure({config});
    f.pass(2s);
    const int before = f.clock.asked();
    f.pass(5s);
    INFO((held ? "held" : "NACK no longer agreed") << (loses ? ", lost one" : ""));
    // Each of the fixture's 5000 steps asks once; a look at the stream asks more.
    CHECK(f.clock.asked() - before < 5'200);
}

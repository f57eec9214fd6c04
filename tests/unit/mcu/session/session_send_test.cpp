#include <array>
#include <catch2/catch.hpp>
#include <map>

#include "mcu/rtp/rtcp/generic_nack.h"
#include "mcu/rtp/rtcp/receiver_report.h"
#include "mcu/rtp/rtcp/temporary_bitrate.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/mcu/session/session_fixture.h"

using common::AudioCodec;
using mcu::Direction;
using mcu::MediaConfig;
using tests::Bytes;
using tests::make_picture;
using tests::PeerPorts;
using tests::RtpOnWire;
using tests::SessionFixture;
using namespace std::chrono_literals;

namespace {

constexpr int kReceiverReport = 201, kPayloadFeedback = 206;

/// PLI from `sender` about `media` (RFC 4585 6.3.1).
Bytes pli(std::uint32_t media) {
    Bytes bytes{0x81, kPayloadFeedback, 0, 2, 0, 0, 0, 99};
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<std::uint8_t>(media >> shift));
    }
    return bytes;
}

/// FIR from SSRC 99 about `media` (RFC 5104 4.3.1).
Bytes fir(std::uint32_t media, std::uint8_t sequence) {
    Bytes bytes{0x84, kPayloadFeedback, 0, 4, 0, 0, 0, 99, 0, 0, 0, 0};
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<std::uint8_t>(media >> shift));
    }
    bytes.insert(bytes.end(), {sequence, 0, 0, 0});
    return bytes;
}

Bytes nack(std::uint32_t media, std::span<const std::uint16_t> sequences) {
    Bytes bytes;
    common::ByteWriter writer(bytes);
    mcu::write_generic_nack(99, media, sequences, writer);
    return bytes;
}

Bytes nack(std::uint32_t media, std::uint16_t sequence) {
    return nack(media, std::span(&sequence, 1));
}

/// A receiver report about `media` with this loss in its last interval.
Bytes lossy_report(std::uint32_t media, std::uint8_t fraction_lost) {
    Bytes bytes;
    common::ByteWriter writer(bytes);
    const mcu::ReportBlock block{.ssrc = media, .fraction_lost = fraction_lost};
    mcu::write_receiver_report(99, std::span(&block, 1), writer);
    return bytes;
}

}  // namespace

TEST_CASE("Sound leaves as one packet a frame, timed by its codec's RTP clock") {
    const auto [codec, type, ticks] =
        GENERATE(std::tuple{AudioCodec::Opus, SessionFixture::kOpus, 960},
                 std::tuple{AudioCodec::G722, SessionFixture::kG722, 160},
                 std::tuple{AudioCodec::Pcmu, SessionFixture::kPcmu, 160});
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::audio(codec, &peer)});

    for (std::uint8_t i = 0; i < 3; ++i) f.tick_audio(Bytes{i, 7});

    const std::vector<RtpOnWire> packets = f.drain_rtp(peer.rtp);
    REQUIRE(packets.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(packets[i].payload_type == type);
        CHECK(packets[i].ssrc == local[0].ssrc);
        CHECK(packets[i].payload == Bytes{static_cast<std::uint8_t>(i), 7});
        CHECK(packets[i].marker == (i == 0));
        if (i == 0) continue;
        CHECK(packets[i].sequence == static_cast<std::uint16_t>(packets[i - 1].sequence + 1));
        CHECK(packets[i].rtp_time - packets[i - 1].rtp_time == static_cast<std::uint32_t>(ticks));
    }
    CHECK(peer.rtp.last_port() == local[0].rtp_port);
    CHECK(f.counters().packets_sent == 3);
    CHECK(f.counters().bytes_sent == 3 * 14);
}

TEST_CASE("Silence by DTX sends nothing, and RTP time goes on under it") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});

    for (const Bytes& payload : {Bytes{1}, Bytes{}, Bytes{}, Bytes{2}}) f.tick_audio(payload);

    const std::vector<RtpOnWire> packets = f.drain_rtp(peer.rtp);
    REQUIRE(packets.size() == 2);
    CHECK(packets[1].marker);
    CHECK(packets[1].rtp_time - packets[0].rtp_time == 3 * 960);
    CHECK(packets[1].sequence == static_cast<std::uint16_t>(packets[0].sequence + 1));
}

TEST_CASE("Handing sound and pictures over costs the mixer's threads little") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::audio(AudioCodec::Opus, &peer), SessionFixture::video(&peer)});
    const Bytes payload(120);
    const auto picture = make_picture(true, {500}, f.clock.now());

    tests::AllocationCounter allocations;
    f.session->audio_sink().on_audio(payload, f.clock.now());
    f.session->picture_sink().on_picture(picture);
    f.session->key_frame_requester().request_key_frame();

    CHECK(allocations.count() == 0);
}

TEST_CASE("A picture leaves whole, in packets of at most 1200 bytes, the last one marked") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::video(&peer)});

    f.picture(make_picture(true, {30, 10, 5000}, f.clock.now()));

    const std::vector<RtpOnWire> packets = f.drain_rtp(peer.rtp);
    REQUIRE(packets.size() == 6);  // STAP-A of the small ones, five FU-A
    CHECK((packets[0].payload[0] & 0x1f) == 24);
    CHECK((packets[1].payload[0] & 0x1f) == 28);
    for (const RtpOnWire& packet : packets) {
        CHECK(packet.payload.size() + 12 <= 1200);
        CHECK(packet.rtp_time == packets[0].rtp_time);
        CHECK(packet.marker == (&packet == &packets.back()));
    }
}

TEST_CASE("A peer in packetization-mode 0 gets single NAL units alone") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::video(&peer, 0)});

    f.picture(make_picture(true, {30, 10, 1100}, f.clock.now()));

    const std::vector<RtpOnWire> packets = f.drain_rtp(peer.rtp);
    REQUIRE(packets.size() == 3);
    for (const RtpOnWire& packet : packets) CHECK((packet.payload[0] & 0x1f) == 5);
}

TEST_CASE("RTP time of pictures follows the tick they were composed for") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::video(&peer)});
    const common::Timestamp tick = f.clock.now();

    f.picture(make_picture(true, {100}, tick));
    f.pass(70ms);  // encoding took its time
    f.picture(make_picture(false, {100}, tick + 100ms));

    const std::vector<RtpOnWire> packets = f.drain_rtp(peer.rtp);
    REQUIRE(packets.size() == 2);
    CHECK(packets[1].rtp_time - packets[0].rtp_time == 9000);
}

TEST_CASE("Ten packets leave at once, the rest within ten milliseconds") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::video(&peer)});

    f.picture(make_picture(true, {60 * 1180}, f.clock.now()));
    CHECK(f.drain_rtp(peer.rtp).size() == 10);
    f.pass(5ms);
    const std::size_t halfway = f.drain_rtp(peer.rtp).size();
    f.pass(5ms);
    const std::vector<RtpOnWire> rest = f.drain_rtp(peer.rtp);

    CHECK(halfway > 20);
    CHECK(halfway < 30);
    REQUIRE_FALSE(rest.empty());
    CHECK(rest.back().marker);
}

TEST_CASE("On hold nothing is sent but RTCP; resumed, video begins with a start it asks for") {
    SessionFixture f;
    PeerPorts sound;
    PeerPorts video;
    std::vector<MediaConfig> media{SessionFixture::audio(AudioCodec::Opus, &sound),
                                   SessionFixture::video(&video)};
    f.configure(media);
    f.picture(make_picture(true, {100}, f.clock.now()));
    f.tick_audio({1});
    f.drain(sound.rtp);
    f.drain(video.rtp);

    for (MediaConfig& medium : media) medium.direction = Direction::Inactive;
    f.configure(media);
    f.pass(10s);
    f.drain(sound.rtcp);
    f.tick_audio({2});
    f.picture(make_picture(false, {100}, f.clock.now()));
    f.pass(10s);
    CHECK(f.drain_rtp(sound.rtp).empty());
    CHECK(f.drain_rtp(video.rtp).empty());
    CHECK(f.drain(sound.rtcp).size() >= 1);
    CHECK(f.observer.starts == 0);

    for (MediaConfig& medium : media) medium.direction = Direction::SendRecv;
    f.configure(media);
    f.picture(make_picture(false, {100}, f.clock.now()));
    CHECK(f.observer.starts == 1);
    CHECK(f.drain_rtp(video.rtp).empty());
    f.picture(make_picture(true, {100}, f.clock.now()));
    f.picture(make_picture(false, {100}, f.clock.now()));
    f.tick_audio({3});

    CHECK(f.drain_rtp(video.rtp).size() == 2);
    CHECK(f.drain_rtp(sound.rtp).size() == 1);
}

TEST_CASE("A peer that only sends gets no RTP from us") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::audio(AudioCodec::Opus, &peer);
    config.direction = Direction::RecvOnly;
    f.configure({config});

    f.tick_audio({1});

    CHECK(f.drain_rtp(peer.rtp).empty());
    CHECK(f.counters().packets_sent == 0);
}

TEST_CASE("Hold stops a picture that is on its way") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::video(&peer);
    f.configure({config});
    f.picture(make_picture(true, {60 * 1180}, f.clock.now()));
    f.drain(peer.rtp);

    config.direction = Direction::Inactive;
    f.configure({config});
    f.pass(20ms);

    CHECK(f.drain_rtp(peer.rtp).empty());
}

TEST_CASE(
    "When the net thread falls behind, pictures go up to the next key one and a start is asked") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::video(&peer)});
    f.picture(make_picture(true, {100}, f.clock.now()));
    f.drain(peer.rtp);

    for (int i = 0; i < 6; ++i) {
        f.session->picture_sink().on_picture(make_picture(false, {100}, f.clock.now()));
    }
    f.net.run_ready();
    CHECK(f.drain_rtp(peer.rtp).size() == 4);
    CHECK(f.observer.starts == 1);
    f.picture(make_picture(false, {100}, f.clock.now()));
    CHECK(f.drain_rtp(peer.rtp).empty());
    f.picture(make_picture(true, {100}, f.clock.now()));

    CHECK(f.drain_rtp(peer.rtp).size() == 1);
}

TEST_CASE("A start that an overflow needs is asked for even when one was asked for just before") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::video(&peer)});
    f.send(peer.rtcp, pli(local[0].ssrc), local[0].rtcp_port);
    f.picture(make_picture(true, {100}, f.clock.now()));
    REQUIRE(f.observer.starts == 1);

    for (int i = 0; i < 6; ++i) {
        f.session->picture_sink().on_picture(make_picture(false, {100}, f.clock.now()));
    }
    f.net.run_ready();
    for (int i = 0; i < 6; ++i) {
        f.pass(33ms);
        f.picture(make_picture(false, {100}, f.clock.now()));
    }

    CHECK(f.observer.starts >= 2);
}

TEST_CASE("PLI and FIR of the peer ask for a start, at most ten a second") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::video(&peer)});
    const std::uint16_t port = local[0].rtcp_port;

    f.send(peer.rtcp, pli(local[0].ssrc), port);
    CHECK(f.observer.starts == 1);
    f.pass(200ms);
    f.send(peer.rtcp, fir(local[0].ssrc, 1), port);
    CHECK(f.observer.starts == 2);
    f.pass(200ms);
    f.send(peer.rtcp, fir(local[0].ssrc, 1), port);   // repeated, not new
    f.send(peer.rtcp, pli(local[0].ssrc + 1), port);  // about another stream
    CHECK(f.observer.starts == 2);
    for (int i = 0; i < 1000; ++i) {
        f.send(peer.rtcp, pli(local[0].ssrc), port);
        f.pass(1ms);
    }

    CHECK(f.observer.starts > 10);
    CHECK(f.observer.starts <= 13);
    CHECK(f.counters().starts_asked >= 2);
}

TEST_CASE("RTCP names us, reports, and says goodbye at the end") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});
    f.tick_audio({1});
    f.pass(10s);
    const std::vector<Bytes> compounds = f.drain(peer.rtcp);
    REQUIRE_FALSE(compounds.empty());
    CHECK(tests::count_rtcp(compounds, 200) + tests::count_rtcp(compounds, kReceiverReport) >= 1);
    CHECK(tests::count_rtcp(compounds, 202) >= 1);
    const std::string text(compounds[0].begin(), compounds[0].end());
    CHECK(text.find("us@test") != std::string::npos);

    f.session.reset();

    CHECK(tests::count_rtcp(f.drain(peer.rtcp), 203) == 1);
}

TEST_CASE("With rtcp-mux everything is on one port") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::audio(AudioCodec::Opus, &peer);
    config.rtcp_mux = true;
    const auto local = f.configure({config});
    CHECK(local[0].rtcp_port == local[0].rtp_port);

    f.pass(10s);

    CHECK_FALSE(f.drain(peer.rtp).empty());
    CHECK(f.drain(peer.rtcp).empty());
}

TEST_CASE("A change of codec keeps SSRC and sequence, and RTP time goes on") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});
    f.tick_audio({1});
    f.configure({SessionFixture::audio(AudioCodec::Pcmu, &peer)});
    f.tick_audio({2});

    const std::vector<RtpOnWire> packets = f.drain_rtp(peer.rtp);
    REQUIRE(packets.size() == 2);
    CHECK(packets[1].payload_type == SessionFixture::kPcmu);
    CHECK(packets[1].ssrc == packets[0].ssrc);
    CHECK(packets[1].sequence == static_cast<std::uint16_t>(packets[0].sequence + 1));
    CHECK(packets[1].rtp_time - packets[0].rtp_time <= 960);
}

TEST_CASE("A packet the peer misses is sent again as it was, once a round trip") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::video(&peer);
    config.feedback_nack = true;
    const auto local = f.configure({config});
    f.picture(make_picture(true, {100, 3000}, f.clock.now()));
    const auto sent = f.drain_rtp(peer.rtp);
    REQUIRE(sent.size() >= 3);

    f.pass(100ms);
    f.send(peer.rtcp, nack(local[0].ssrc, sent[1].sequence), local[0].rtcp_port);
    f.send(peer.rtcp, nack(local[0].ssrc, sent[1].sequence), local[0].rtcp_port);
    const auto again = f.drain_rtp(peer.rtp);

    REQUIRE(again.size() == 1);
    CHECK(again[0].bytes() == sent[1].bytes());
    CHECK(f.counters().packets_sent_again == 1);
}

TEST_CASE(
    "Of many packets that are sent again ten leave at once, the rest within ten milliseconds") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::video(&peer);
    config.feedback_nack = true;
    const auto local = f.configure({config});
    f.picture(make_picture(true, {40 * 1180}, f.clock.now()));
    f.pass(100ms);
    const auto sent = f.drain_rtp(peer.rtp);
    REQUIRE(sent.size() >= 40);

    std::vector<std::uint16_t> missed;
    for (std::size_t i = 0; i < 40; ++i) missed.push_back(sent[i].sequence);
    f.send(peer.rtcp, nack(local[0].ssrc, missed), local[0].rtcp_port);
    CHECK(f.drain_rtp(peer.rtp).size() == 10);
    f.pass(10ms);

    CHECK(f.drain_rtp(peer.rtp).size() == 30);
}

TEST_CASE("What went out under another SSRC is not sent again") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::video(&peer);
    config.feedback_nack = true;
    const auto local = f.configure({config});
    f.picture(make_picture(true, {100}, f.clock.now()));
    const auto sent = f.drain_rtp(peer.rtp);
    std::uint16_t sequence = 0;
    for (const std::uint32_t ssrc : {2000U, 2000U, local[0].ssrc}) {
        f.send(peer.rtp,
               RtpOnWire{.payload_type = SessionFixture::kH264,
                         .sequence = ++sequence,
                         .ssrc = ssrc,
                         .payload = {0x41, 0x9a, 1}},
               local[0].rtp_port);
    }
    f.picture(make_picture(false, {100}, f.clock.now()));
    const auto after = f.drain_rtp(peer.rtp);
    REQUIRE(after.at(0).ssrc != local[0].ssrc);

    f.pass(100ms);
    f.send(peer.rtcp, nack(after[0].ssrc, sent.at(0).sequence), local[0].rtcp_port);

    CHECK(f.drain_rtp(peer.rtp).empty());
}

TEST_CASE("A peer without NACK gets nothing again") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::video(&peer)});
    f.picture(make_picture(true, {100}, f.clock.now()));
    const auto sent = f.drain_rtp(peer.rtp);

    f.send(peer.rtcp, nack(local[0].ssrc, sent.at(0).sequence), local[0].rtcp_port);

    CHECK(f.drain_rtp(peer.rtp).empty());
}

TEST_CASE("Repeated packets are the same bytes, behind the next picture, and not counted as sent") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::video(&peer)});
    f.session->repeat_pictures({.others = 1, .key = 1});
    const auto sequences = [&](bool key) {
        f.picture(make_picture(key, {1500}, f.clock.now()));
        f.pass(20ms);
        return f.drain_rtp(peer.rtp);
    };

    const auto first = sequences(true);
    const auto second = sequences(false);
    REQUIRE(first.size() == 2);
    REQUIRE(second.size() == 4);
    for (std::size_t i = 0; i < 2; ++i) CHECK((second[2 + i].bytes() == first[i].bytes()));
    CHECK(second[0].sequence == static_cast<std::uint16_t>(first[1].sequence + 1));
    CHECK(f.counters().packets_sent == 4);
    CHECK(f.counters().reported.packets_repeated == 2);

    f.session->repeat_pictures({});
    CHECK(sequences(false).size() == 4);
    CHECK(sequences(false).size() == 2);
}

TEST_CASE("A large picture is repeated while it goes out, three packets behind; key ones twice") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::video(&peer)});
    f.session->repeat_pictures({.others = 1, .key = 2});

    f.picture(make_picture(false, {100}, f.clock.now()));  // no key picture yet: dropped
    f.picture(make_picture(true, {100, 8000}, f.clock.now()));
    f.pass(20ms);
    const auto packets = f.drain_rtp(peer.rtp);

    std::map<std::uint16_t, int> times;
    std::size_t most_behind = 0;
    std::uint16_t newest = packets.at(0).sequence;
    for (const RtpOnWire& packet : packets) {
        if (++times[packet.sequence] == 3)
            most_behind = std::max<std::size_t>(most_behind, newest - packet.sequence);
        newest = std::max(newest, packet.sequence);
    }
    CHECK(times.size() == 8);
    CHECK(most_behind == 3);
    CHECK(packets.size() == 8 + 8 + 5);  // the last three wait for the next picture
}

TEST_CASE("A peer that asks again is sent each packet once") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::video(&peer);
    config.feedback_nack = true;
    f.configure({config});
    f.session->repeat_pictures({.others = 1, .key = 1});

    f.picture(make_picture(true, {100, 8000}, f.clock.now()));
    f.pass(20ms);

    CHECK(f.drain_rtp(peer.rtp).size() == 8);
}

TEST_CASE("What the peer reports of its losses is in the counters") {
    SessionFixture f;
    PeerPorts peer;
    const auto local = f.configure({SessionFixture::video(&peer)});
    CHECK(f.counters().reported.at == common::Timestamp());

    f.send(peer.rtcp, lossy_report(local[0].ssrc, 13), local[0].rtcp_port);  // 13 / 256: 5 %

    CHECK(f.counters().reported.at == f.clock.now());
    CHECK(f.counters().remote_loss_percent == Approx(5).margin(0.1));
}

TEST_CASE("The peer's TMMBR is told to the floor above") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::video(&peer);
    config.feedback_tmmbr = true;
    const auto local = f.configure({config});
    Bytes request;
    common::ByteWriter writer(request);
    mcu::write_temporary_bitrate(mcu::TemporaryBitrate::kRequestFormat, 99,
                                 {.ssrc = local[0].ssrc, .limit = common::Bitrate::from_kbps(256)},
                                 writer);

    f.send(peer.rtcp, request, local[0].rtcp_port);

    CHECK(f.observer.limits == std::vector<std::int64_t>{256'000});
}

TEST_CASE("Before a start in a smaller picture nothing goes into a full path, nor goes again") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::video(&peer);
    config.feedback_nack = true;
    const auto local = f.configure({config});
    f.picture(make_picture(true, {100, 3000}, f.clock.now()));
    const auto large = f.drain_rtp(peer.rtp);
    REQUIRE(!large.empty());

    f.session->skip_to_start();
    f.pass(33ms);
    f.picture(make_picture(false, {500}, f.clock.now()));
    f.send(peer.rtcp, nack(local[0].ssrc, large[0].sequence), local[0].rtcp_port);
    CHECK(f.drain_rtp(peer.rtp).empty());
    CHECK(f.observer.starts == 0);
    // The answer to what was asked for before.
    f.picture(make_picture(true, {5000}, f.clock.now()));
    CHECK(f.drain_rtp(peer.rtp).empty());
    f.pass(33ms);
    f.picture(make_picture(true, {400}, f.clock.now(), 2));
    const auto start = f.drain_rtp(peer.rtp);
    f.pass(33ms);
    f.picture(make_picture(false, {300}, f.clock.now()));

    REQUIRE(start.size() == 1);
    CHECK(start[0].sequence == static_cast<std::uint16_t>(large.back().sequence + 1));
    CHECK(f.drain_rtp(peer.rtp).size() == 1);
}

TEST_CASE("A start in a smaller picture that does not come is asked for") {
    SessionFixture f;
    PeerPorts peer;
    f.configure({SessionFixture::video(&peer)});
    f.picture(make_picture(true, {100}, f.clock.now()));

    f.session->skip_to_start();
    f.pass(1600ms);
    f.picture(make_picture(false, {500}, f.clock.now()));

    CHECK(f.drain_rtp(peer.rtp).size() == 1);
    CHECK(f.observer.starts == 1);
}

TEST_CASE(
    "A large start goes no faster than a path may take it; its rest is dropped for a smaller") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::video(&peer);
    config.feedback_nack = true;
    f.configure({config});
    REQUIRE(
        f.session->want_rate(common::Bitrate::from_kbps(1000), common::Bitrate::from_kbps(100)));
    f.pass(1ms);

    f.picture(make_picture(true, {60'000}, f.clock.now()));
    f.pass(40ms);
    const auto first = f.drain_rtp(peer.rtp);
    CHECK(first.size() >= 8);
    CHECK(first.size() <= 14);  // 2.5 Mbit/s

    f.session->skip_to_start();
    f.pass(300ms);
    CHECK(f.drain_rtp(peer.rtp).empty());
    f.picture(make_picture(true, {400}, f.clock.now(), 2));
    f.pass(5ms);
    const auto start = f.drain_rtp(peer.rtp);

    REQUIRE(start.size() == 1);
    CHECK(start[0].sequence == static_cast<std::uint16_t>(first.back().sequence + 1));
    CHECK(f.counters().packets_sent == first.size() + 1);
}

TEST_CASE("Who asks for a start while the last may be repaired is given another after that, once") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig config = SessionFixture::video(&peer);
    config.feedback_nack = true;
    const auto local = f.configure({config});
    f.picture(make_picture(true, {100}, f.clock.now()));
    f.pass(50ms);
    f.send(peer.rtcp, pli(local[0].ssrc), local[0].rtcp_port);
    f.send(peer.rtcp, pli(local[0].ssrc), local[0].rtcp_port);
    f.pass(200ms);
    f.picture(make_picture(false, {100}, f.clock.now()));
    CHECK(f.observer.starts == 0);

    f.pass(100ms);
    f.picture(make_picture(false, {100}, f.clock.now()));
    f.pass(500ms);
    f.picture(make_picture(false, {100}, f.clock.now()));

    CHECK(f.observer.starts == 1);
}

#include <algorithm>
#include <catch2/catch.hpp>

#include "mcu/transport/dtls_association.h"
#include "mcu/transport/srtp_session.h"
#include "tests/unit/mcu/session/session_fixture.h"

using common::AudioCodec;
using common::SrtpKey;
using common::SrtpSuite;
using mcu::DtlsAssociation;
using mcu::DtlsRole;
using mcu::MediaConfig;
using mcu::MediaSecurity;
using tests::Bytes;
using tests::PeerPorts;
using tests::recorded;
using tests::RtpOnWire;
using tests::SessionFixture;
using tests::UdpPeer;
using namespace std::chrono_literals;

namespace {

SrtpKey key_of(std::uint8_t byte, SrtpSuite suite = SrtpSuite::AeadAes128Gcm) {
    return *SrtpKey::of(suite, Bytes(common::srtp_key_bytes(suite), byte));
}
const SrtpKey kOurs = key_of(1);
const SrtpKey kTheirs = key_of(2);
const Bytes kEmptyReport{0x80, 201, 0, 1, 0, 0, 0, 9};

Bytes sound(std::uint16_t sequence, std::uint32_t ssrc = 1000) {
    return RtpOnWire{.payload_type = SessionFixture::kPcmu,
                     .sequence = sequence,
                     .rtp_time = sequence * 160U,
                     .ssrc = ssrc,
                     .payload = Bytes(160, 0x55)}
        .bytes();
}

/// The peer's end of one key pair.
struct Crypt {
    Crypt(const SrtpKey& send, const SrtpKey& receive)
        : out(*mcu::SrtpSender::create(send)), in(*mcu::SrtpReceiver::create(receive)) {}
    Bytes seal(Bytes packet) {
        const std::size_t bytes = packet.size();
        packet.resize(bytes + mcu::kSrtpMostTrailerBytes);
        packet.resize(out->protect_rtp(packet, bytes));
        return packet;
    }
    Bytes seal_rtcp(Bytes compound) {
        const std::size_t bytes = compound.size();
        compound.resize(bytes + mcu::kSrtpMostTrailerBytes);
        compound.resize(out->protect_rtcp(compound, bytes));
        return compound;
    }
    /// Those that open; RTCP is left out.
    std::vector<RtpOnWire> open(std::vector<Bytes> datagrams) {
        std::vector<RtpOnWire> packets;
        for (Bytes& datagram : datagrams) {
            const bool rtcp = datagram[1] >= 192 && datagram[1] <= 223;
            if (rtcp || datagram[0] < 128) continue;
            if (const auto clear = in->open_rtp(datagram))
                packets.push_back(*RtpOnWire::read(Bytes(clear->begin(), clear->end())));
        }
        return packets;
    }
    std::unique_ptr<mcu::SrtpSender> out;
    std::unique_ptr<mcu::SrtpReceiver> in;
};

MediaConfig sdes(const PeerPorts* peer, const SrtpKey& send = kOurs,
                 const SrtpKey& receive = kTheirs) {
    MediaConfig config = SessionFixture::audio(AudioCodec::Pcmu, peer);
    config.security.kind = MediaSecurity::Kind::Sdes;
    config.security.send = send;
    config.security.receive = receive;
    return config;
}

MediaConfig dtls(const PeerPorts* peer, const common::Fingerprint& theirs, DtlsRole ours) {
    MediaConfig config = SessionFixture::audio(AudioCodec::Pcmu, peer);
    config.rtcp_mux = true;
    config.security.kind = MediaSecurity::Kind::Dtls;
    config.security.role = ours;
    config.security.fingerprints = {theirs};
    return config;
}

/// The peer's end of a handshake, on one of its sockets.
struct Handshaker {
    Handshaker(SessionFixture& fixture, UdpPeer& peer, std::uint16_t to, DtlsRole role,
               const mcu::DtlsIdentity& identity)
        : f(fixture),
          socket(peer),
          port(to),
          association(identity, role, {fixture.identity->fingerprint()},
                      [this](std::span<const std::uint8_t> datagram) {
                          socket.send(Bytes(datagram.begin(), datagram.end()), port);
                      }) {}
    /// Until nothing more is said.
    void shake() {
        if (association.state() == DtlsAssociation::State::Handshaking) association.start();
        for (int quiet = 0; quiet < 3; ++quiet) {
            f.net.run_ready();
            while (const auto datagram = socket.receive()) {
                if (datagram->empty() || (*datagram)[0] < 20 || (*datagram)[0] > 63) continue;
                quiet = 0;
                if (association.state() == DtlsAssociation::State::Listening) {
                    association.greet(*datagram, *mcu::SocketAddress::parse("127.0.0.1", port));
                } else {
                    association.receive(*datagram);
                }
            }
        }
    }
    [[nodiscard]] Crypt crypt() const {
        return {association.keys().send, association.keys().receive};
    }

    SessionFixture& f;
    UdpPeer& socket;
    const std::uint16_t port;
    DtlsAssociation association;
};

}  // namespace

TEST_CASE("With keys from signalling, sound flows both ways and only encrypted") {
    SessionFixture f;
    PeerPorts peer;
    Crypt crypt(kTheirs, kOurs);
    const auto local = f.configure({sdes(&peer)});

    f.send(peer.rtp, crypt.seal(sound(1)), local[0].rtp_port);
    f.send(peer.rtp, crypt.seal(sound(2)), local[0].rtp_port);
    f.tick_audio(Bytes(160, 0x77));

    REQUIRE(recorded().sound.size() == 2);
    CHECK(recorded().sound[0].payload == Bytes(160, 0x55));
    const std::vector<Bytes> sent = f.drain(peer.rtp);
    REQUIRE(sent.size() == 1);
    CHECK(std::ranges::search(sent[0], Bytes(8, 0x77)).empty());
    const auto packets = crypt.open(sent);
    REQUIRE(packets.size() == 1);
    CHECK(packets[0].payload == Bytes(160, 0x77));
}

TEST_CASE("RTCP is encrypted, too, both ways") {
    SessionFixture f;
    PeerPorts peer;
    Crypt crypt(kTheirs, kOurs);
    const auto local = f.configure({sdes(&peer)});
    f.tick_audio(Bytes(160));
    f.pass(6s);

    std::vector<Bytes> reports = f.drain(peer.rtcp);
    REQUIRE(!reports.empty());
    CHECK(crypt.in->open_rtcp(reports[0]).has_value());
    const std::uint64_t dropped = f.counters().dropped.sum();
    f.send(peer.rtcp, crypt.seal_rtcp(kEmptyReport), local[0].rtcp_port);
    CHECK(f.counters().dropped.sum() == dropped);
    f.send(peer.rtcp, kEmptyReport, local[0].rtcp_port);
    CHECK(f.counters().dropped.sum() == dropped + 1);
}

TEST_CASE("Plain, forged, replayed and truncated packets are dropped, counted, and end nothing") {
    SessionFixture f;
    PeerPorts peer;
    Crypt crypt(kTheirs, kOurs);
    Crypt stranger(key_of(9), kOurs);
    const auto local = f.configure({sdes(&peer)});
    const Bytes first = crypt.seal(sound(1));
    f.send(peer.rtp, first, local[0].rtp_port);
    f.send(peer.rtp, crypt.seal(sound(2)), local[0].rtp_port);
    Bytes cut = crypt.seal(sound(3));
    cut.resize(30);

    f.send(peer.rtp, sound(3), local[0].rtp_port);
    f.send(peer.rtp, stranger.seal(sound(3)), local[0].rtp_port);
    f.send(peer.rtp, first, local[0].rtp_port);
    f.send(peer.rtp, cut, local[0].rtp_port);

    CHECK(f.counters().dropped.sum() == 4);
    f.send(peer.rtp, crypt.seal(sound(4)), local[0].rtp_port);
    CHECK(recorded().sound.size() == 3);
    CHECK(f.observer.events == std::vector<std::string>{"started a"});
}

TEST_CASE("Whoever has no key is never learnt as the peer's address, before or after its packets") {
    SessionFixture f;
    PeerPorts peer, sprayer;
    Crypt crypt(kTheirs, kOurs);
    const auto local = f.configure({sdes(nullptr)});

    for (std::uint16_t i = 0; i < 10; ++i) f.send(sprayer.rtp, sound(i), local[0].rtp_port);
    f.tick_audio(Bytes(160));
    f.send(peer.rtp, crypt.seal(sound(1)), local[0].rtp_port);
    f.send(peer.rtp, crypt.seal(sound(2)), local[0].rtp_port);
    for (std::uint16_t i = 0; i < 10; ++i) f.send(sprayer.rtp, sound(i), local[0].rtp_port);
    f.tick_audio(Bytes(160));

    CHECK(f.drain(sprayer.rtp).empty());
    CHECK(crypt.open(f.drain(peer.rtp)).size() == 1);
    CHECK(f.counters().dropped.sum() == 20);
}

TEST_CASE(
    "Repeating the same keys keeps the counters: nothing opens twice, all that is new opens") {
    SessionFixture f;
    PeerPorts peer;
    Crypt crypt(kTheirs, kOurs);
    const auto local = f.configure({sdes(&peer)});
    const Bytes first = crypt.seal(sound(1));
    f.send(peer.rtp, first, local[0].rtp_port);
    f.send(peer.rtp, crypt.seal(sound(2)), local[0].rtp_port);

    f.configure({sdes(&peer)});
    f.send(peer.rtp, first, local[0].rtp_port);
    f.send(peer.rtp, crypt.seal(sound(3)), local[0].rtp_port);

    CHECK(recorded().sound.size() == 3);
    CHECK(f.counters().dropped.sum() == 1);
}

TEST_CASE("A new key of the peer counts from then on, and leaves ours as it is") {
    SessionFixture f;
    PeerPorts peer;
    Crypt crypt(kTheirs, kOurs);
    const auto local = f.configure({sdes(&peer)});
    f.tick_audio(Bytes(160));

    f.configure({sdes(&peer, kOurs, key_of(3))});
    Crypt renewed(key_of(3), kOurs);
    f.send(peer.rtp, crypt.seal(sound(1)), local[0].rtp_port);
    f.send(peer.rtp, renewed.seal(sound(1)), local[0].rtp_port);
    f.send(peer.rtp, renewed.seal(sound(2)), local[0].rtp_port);
    f.tick_audio(Bytes(160));

    CHECK(recorded().sound.size() == 2);
    CHECK(crypt.open(f.drain(peer.rtp)).size() == 2);
}

TEST_CASE("Until it is agreed how, nothing goes out and nothing is heard") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig pending = SessionFixture::audio(AudioCodec::Pcmu, &peer);
    pending.security.kind = MediaSecurity::Kind::Pending;
    const auto local = f.configure({pending});

    f.send(peer.rtp, sound(1), local[0].rtp_port);
    f.send(peer.rtp, sound(2), local[0].rtp_port);
    f.tick_audio(Bytes(160));

    CHECK(f.drain(peer.rtp).empty());
    CHECK(recorded().sound.empty());
    f.configure({SessionFixture::audio(AudioCodec::Pcmu, &peer)});
    f.tick_audio(Bytes(160));
    CHECK(f.drain_rtp(peer.rtp).size() == 1);
}

TEST_CASE("The peer calls by DTLS, and from then on sound flows both ways, encrypted") {
    SessionFixture f;
    PeerPorts peer;
    const auto theirs = *mcu::DtlsIdentity::create();
    const auto local = f.configure({dtls(&peer, theirs->fingerprint(), DtlsRole::Server)});
    CHECK(local[0].fingerprint == f.identity->fingerprint().text());
    f.tick_audio(Bytes(160, 0x77));
    CHECK(f.drain(peer.rtp).empty());

    Handshaker handshaker(f, peer.rtp, local[0].rtp_port, DtlsRole::Client, *theirs);
    handshaker.shake();
    REQUIRE(handshaker.association.state() == DtlsAssociation::State::Established);
    Crypt crypt = handshaker.crypt();
    f.send(peer.rtp, crypt.seal(sound(1)), local[0].rtp_port);
    f.send(peer.rtp, crypt.seal(sound(2)), local[0].rtp_port);
    f.tick_audio(Bytes(160, 0x77));

    CHECK(recorded().sound.size() == 2);
    const auto packets = crypt.open(f.drain(peer.rtp));
    REQUIRE(packets.size() == 1);
    CHECK(packets[0].payload == Bytes(160, 0x77));
}

TEST_CASE("We call by DTLS where the peer waits for it") {
    SessionFixture f;
    PeerPorts peer;
    const auto theirs = *mcu::DtlsIdentity::create();
    const auto local = f.configure({dtls(&peer, theirs->fingerprint(), DtlsRole::Client)});

    Handshaker handshaker(f, peer.rtp, local[0].rtp_port, DtlsRole::Server, *theirs);
    handshaker.shake();

    REQUIRE(handshaker.association.state() == DtlsAssociation::State::Established);
    Crypt crypt = handshaker.crypt();
    f.tick_audio(Bytes(160, 0x77));
    CHECK(crypt.open(f.drain(peer.rtp)).size() == 1);
}

TEST_CASE("Without rtcp-mux there is a handshake on each port") {
    SessionFixture f;
    PeerPorts peer;
    const auto theirs = *mcu::DtlsIdentity::create();
    MediaConfig config = dtls(&peer, theirs->fingerprint(), DtlsRole::Server);
    config.rtcp_mux = false;
    const auto local = f.configure({config});
    Handshaker media(f, peer.rtp, local[0].rtp_port, DtlsRole::Client, *theirs);
    Handshaker reports(f, peer.rtcp, local[0].rtcp_port, DtlsRole::Client, *theirs);

    media.shake();
    reports.shake();
    f.tick_audio(Bytes(160));
    f.pass(6s);

    std::vector<Bytes> sent = f.drain(peer.rtcp);
    REQUIRE(!sent.empty());
    CHECK(reports.crypt().in->open_rtcp(sent[0]).has_value());
}

TEST_CASE("Whoever has another certificate than signalling told gets no sound and brings none") {
    SessionFixture f;
    PeerPorts peer;
    const auto theirs = *mcu::DtlsIdentity::create();
    const auto stranger = *mcu::DtlsIdentity::create();
    const auto local = f.configure({dtls(&peer, theirs->fingerprint(), DtlsRole::Server)});

    Handshaker handshaker(f, peer.rtp, local[0].rtp_port, DtlsRole::Client, *stranger);
    handshaker.shake();
    f.send(peer.rtp, sound(1), local[0].rtp_port);
    f.send(peer.rtp, sound(2), local[0].rtp_port);
    f.tick_audio(Bytes(160));
    f.pass(6s);

    CHECK(handshaker.association.state() != DtlsAssociation::State::Established);
    CHECK(recorded().sound.empty());
    for (const Bytes& datagram : f.drain(peer.rtp)) CHECK(datagram[0] < 128);  // DTLS, no media
}

TEST_CASE("Behind a NAT, media follows the address that DTLS has proven") {
    SessionFixture f;
    PeerPorts signalled, actual;
    const auto theirs = *mcu::DtlsIdentity::create();
    const auto local = f.configure({dtls(&signalled, theirs->fingerprint(), DtlsRole::Server)});

    Handshaker handshaker(f, actual.rtp, local[0].rtp_port, DtlsRole::Client, *theirs);
    handshaker.shake();
    f.tick_audio(Bytes(160));

    CHECK(f.drain(signalled.rtp).empty());
    CHECK(handshaker.crypt().open(f.drain(actual.rtp)).size() == 1);
}

TEST_CASE("Behind a NAT, RTCP of a peer that sends no media counts, before a hold and after it") {
    SessionFixture f;
    PeerPorts signalled, actual, stranger;
    const auto theirs = *mcu::DtlsIdentity::create();
    MediaConfig config = dtls(&signalled, theirs->fingerprint(), DtlsRole::Server);
    config.direction = mcu::Direction::SendOnly;
    const auto local = f.configure({config});
    Handshaker handshaker(f, actual.rtp, local[0].rtp_port, DtlsRole::Client, *theirs);
    handshaker.shake();
    Crypt crypt = handshaker.crypt();

    f.send(actual.rtp, crypt.seal_rtcp(kEmptyReport), local[0].rtp_port);
    CHECK(f.counters().packets_heard == 1);
    f.send(stranger.rtp, crypt.seal_rtcp(kEmptyReport), local[0].rtp_port);
    CHECK(f.counters().dropped.foreign_address == 1);

    MediaConfig held = config;
    held.peer = {};
    held.direction = mcu::Direction::Inactive;
    f.configure({held});
    f.configure({config});
    f.send(actual.rtp, crypt.seal_rtcp(kEmptyReport), local[0].rtp_port);
    f.tick_audio(Bytes(160));

    CHECK(f.counters().packets_heard == 2);
    CHECK(crypt.open(f.drain(actual.rtp)).size() == 1);
    CHECK(f.drain(signalled.rtp).empty());
}

TEST_CASE("Behind a NAT without rtcp-mux, RTCP goes to where DTLS has proven it to come from") {
    SessionFixture f;
    PeerPorts signalled, actual;
    const auto theirs = *mcu::DtlsIdentity::create();
    MediaConfig config = dtls(&signalled, theirs->fingerprint(), DtlsRole::Server);
    config.rtcp_mux = false;
    config.direction = mcu::Direction::SendOnly;
    const auto local = f.configure({config});
    Handshaker media(f, actual.rtp, local[0].rtp_port, DtlsRole::Client, *theirs);
    Handshaker reports(f, actual.rtcp, local[0].rtcp_port, DtlsRole::Client, *theirs);
    media.shake();
    reports.shake();
    Crypt crypt = reports.crypt();

    f.send(actual.rtcp, crypt.seal_rtcp(kEmptyReport), local[0].rtcp_port);
    f.tick_audio(Bytes(160));
    f.pass(6s);

    CHECK(f.counters().packets_heard == 1);
    std::vector<Bytes> sent = f.drain(actual.rtcp);
    REQUIRE(!sent.empty());
    CHECK(crypt.in->open_rtcp(sent[0]).has_value());
}

TEST_CASE("A re-INVITE that says the same of DTLS starts nothing anew") {
    SessionFixture f;
    PeerPorts peer;
    const auto theirs = *mcu::DtlsIdentity::create();
    const MediaConfig config = dtls(&peer, theirs->fingerprint(), DtlsRole::Server);
    const auto local = f.configure({config});
    Handshaker handshaker(f, peer.rtp, local[0].rtp_port, DtlsRole::Client, *theirs);
    handshaker.shake();
    Crypt crypt = handshaker.crypt();

    MediaConfig held = config;
    held.peer = {};
    held.direction = mcu::Direction::Inactive;
    f.configure({held});
    f.configure({config});
    f.tick_audio(Bytes(160));
    f.send(peer.rtp, crypt.seal(sound(1)), local[0].rtp_port);
    f.send(peer.rtp, crypt.seal(sound(2)), local[0].rtp_port);

    CHECK(crypt.open(f.drain(peer.rtp)).size() == 1);
    CHECK(recorded().sound.size() == 2);
}

TEST_CASE("After a new fingerprint the old keys serve until the new handshake is done") {
    SessionFixture f;
    PeerPorts peer;
    const auto theirs = *mcu::DtlsIdentity::create();
    const auto renewed = *mcu::DtlsIdentity::create();
    const auto local = f.configure({dtls(&peer, theirs->fingerprint(), DtlsRole::Server)});
    Handshaker first(f, peer.rtp, local[0].rtp_port, DtlsRole::Client, *theirs);
    first.shake();
    Crypt before = first.crypt();

    f.configure({dtls(&peer, renewed->fingerprint(), DtlsRole::Server)});
    f.tick_audio(Bytes(160));
    CHECK(before.open(f.drain(peer.rtp)).size() == 1);
    Handshaker second(f, peer.rtp, local[0].rtp_port, DtlsRole::Client, *renewed);
    second.shake();
    f.tick_audio(Bytes(160));

    CHECK(second.crypt().open(f.drain(peer.rtp)).size() == 1);
}

TEST_CASE("Protection without its keys or fingerprints is refused") {
    SessionFixture f;
    PeerPorts peer;
    MediaConfig no_keys = sdes(&peer, SrtpKey(), kTheirs);
    MediaConfig nobody = dtls(&peer, f.identity->fingerprint(), DtlsRole::Server);
    nobody.security.fingerprints.clear();

    CHECK_FALSE(f.session->configure({no_keys}));
    CHECK_FALSE(f.session->configure({nobody}));
}

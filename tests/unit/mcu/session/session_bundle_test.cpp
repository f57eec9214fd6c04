extern "C" {
#include <stun/stunagent.h>
#include <stun/usages/ice.h>
}

#include <algorithm>
#include <catch2/catch.hpp>

#include "mcu/transport/dtls_association.h"
#include "mcu/transport/srtp_session.h"
#include "tests/unit/mcu/session/session_fixture.h"

using common::AudioCodec;
using mcu::DtlsAssociation;
using mcu::DtlsRole;
using mcu::MediaConfig;
using tests::Bytes;
using tests::recorded;
using tests::RtpOnWire;
using tests::SessionFixture;
using tests::UdpPeer;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kSound = 1000, kPicture = 2000;

mcu::BundleConfig bundle_of() {
    mcu::BundleConfig bundle;
    bundle.mids = {"a", "v"};
    bundle.local = {"ours", "ourpasswordourpassword"};
    bundle.remote = {"them", "theirpasswordtheirpass"};
    bundle.extensions = {.mid = 1, .transport_sequence = 3, .audio_level = 5};
    return bundle;
}

std::vector<MediaConfig> media_of(const common::Fingerprint& theirs,
                                  DtlsRole ours = DtlsRole::Server) {
    std::vector<MediaConfig> media{SessionFixture::audio(AudioCodec::Opus, nullptr),
                                   SessionFixture::video(nullptr)};
    for (MediaConfig& medium : media) {
        medium.rtcp_mux = true;
        medium.security.kind = mcu::MediaSecurity::Kind::Dtls;
        medium.security.role = ours;
        medium.security.fingerprints = {theirs};
        medium.feedback_transport_cc = true;
    }
    return media;
}

/// A browser's end of it: one socket, a connectivity check when told, DTLS, SRTP.
struct WebPeer {
    WebPeer(SessionFixture& fixture, std::uint16_t to, DtlsRole role = DtlsRole::Client)
        : f(fixture),
          port(to),
          association(*identity, role, {fixture.identity->fingerprint()},
                      [this](std::span<const std::uint8_t> datagram) {
                          socket->send(Bytes(datagram.begin(), datagram.end()), port);
                      }) {}

    void check(bool nominate = true) {
        StunAgent agent{};
        const std::array<std::uint16_t, 1> none{0};
        stun_agent_init(&agent, none.data(), STUN_COMPATIBILITY_RFC5389,
                        static_cast<StunAgentUsageFlags>(STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS |
                                                         STUN_AGENT_USAGE_USE_FINGERPRINT));
        StunMessage message{};
        Bytes bytes(512);
        const std::string name = "ours:them", password = "ourpasswordourpassword";
        bytes.resize(stun_usage_ice_conncheck_create(
            &agent, &message, bytes.data(), bytes.size(),
            reinterpret_cast<const std::uint8_t*>(name.data()), name.size(),
            reinterpret_cast<const std::uint8_t*>(password.data()), password.size(), nominate, true,
            1, 1, nullptr, STUN_USAGE_ICE_COMPATIBILITY_RFC5245));
        f.send(*socket, bytes, port);
    }
    /// Until nothing more comes of it.
    void shake() {
        association.start();
        for (int quiet = 0; quiet < 3; ++quiet) {
            f.net.run_ready();
            while (const auto datagram = socket->receive()) {
                if (datagram->empty() || (*datagram)[0] < 20 || (*datagram)[0] > 63) continue;
                quiet = 0;
                if (association.state() == DtlsAssociation::State::Listening) {
                    association.greet(*datagram, *mcu::SocketAddress::parse("127.0.0.1", port));
                } else {
                    association.receive(*datagram);
                }
            }
        }
        if (association.state() != DtlsAssociation::State::Established) return;
        out = *mcu::SrtpSender::create(association.keys().send);
        in = *mcu::SrtpReceiver::create(association.keys().receive);
    }
    void send(Bytes packet) {
        const std::size_t bytes = packet.size();
        packet.resize(bytes + mcu::kSrtpMostTrailerBytes);
        packet.resize(out->protect_rtp(packet, bytes));
        f.send(*socket, packet, port);
    }
    /// What came and opens: RTP, then RTCP.
    std::pair<std::vector<RtpOnWire>, std::vector<Bytes>> receive() {
        std::pair<std::vector<RtpOnWire>, std::vector<Bytes>> all;
        for (Bytes& datagram : f.drain(*socket)) {
            if (datagram[0] < 128) continue;
            const bool rtcp = datagram[1] >= 192 && datagram[1] <= 223;
            const auto clear = rtcp ? in->open_rtcp(datagram) : in->open_rtp(datagram);
            if (!clear) continue;
            const Bytes bytes(clear->begin(), clear->end());
            if (rtcp) {
                all.second.push_back(bytes);
            } else {
                all.first.push_back(*RtpOnWire::read(bytes));
            }
        }
        return all;
    }

    SessionFixture& f;
    const std::uint16_t port;
    std::unique_ptr<mcu::DtlsIdentity> identity = *mcu::DtlsIdentity::create();
    std::unique_ptr<UdpPeer> socket = std::make_unique<UdpPeer>();
    std::unique_ptr<mcu::SrtpSender> out;
    std::unique_ptr<mcu::SrtpReceiver> in;
    DtlsAssociation association;
};

struct Scene {
    explicit Scene(DtlsRole ours = DtlsRole::Server)
        : peer(f,
               f.configure(media_of(identity_first->fingerprint(), ours), bundle_of())
                   .front()
                   .rtp_port,
               ours == DtlsRole::Server ? DtlsRole::Client : DtlsRole::Server) {
        // The peer's certificate is known with the peer.
        configure(ours);
    }
    void configure(DtlsRole ours) {
        local = f.configure(media_of(peer.identity->fingerprint(), ours), bundle_of());
    }
    void connect() {
        peer.check();
        peer.shake();
        REQUIRE(peer.association.state() == DtlsAssociation::State::Established);
    }

    SessionFixture f;
    std::unique_ptr<mcu::DtlsIdentity> identity_first = *mcu::DtlsIdentity::create();
    WebPeer peer;
    std::vector<mcu::LocalMedia> local;
};

Bytes sound(std::uint16_t sequence) {
    return RtpOnWire{.payload_type = SessionFixture::kOpus,
                     .sequence = sequence,
                     .rtp_time = sequence * 960U,
                     .ssrc = kSound,
                     .payload = Bytes(60, 0x55)}
        .bytes();
}

/// With its number on the transport, as extension 3 in the one-byte form (RFC 8285 4.2).
Bytes numbered(Bytes packet, std::uint8_t number) {
    packet[0] |= 0x10;
    const Bytes block{0xbe, 0xde, 0, 1, 0x31, 0, number, 0};
    packet.insert(packet.begin() + 12, block.begin(), block.end());
    return packet;
}

}  // namespace

TEST_CASE("Bundled media share one port, and candidates tell it") {
    Scene s;

    REQUIRE(s.f.session->candidates().size() == 2);  // by UDP, by TCP
    const auto& candidate = s.f.session->candidates().front();
    CHECK(s.f.session->candidates().back().address == candidate.address);
    CHECK(candidate.address.address() == "127.0.0.1");
    for (const mcu::LocalMedia& medium : s.local) {
        CHECK(medium.rtp_port == candidate.address.port());
        CHECK(medium.rtcp_port == candidate.address.port());
        CHECK(medium.address == "127.0.0.1");
        CHECK(!medium.fingerprint.empty());
    }
    CHECK(s.f.ports->pairs_in_use() == 1);
}

TEST_CASE("Sound and picture of a peer that ICE found go to their media, and ours to it") {
    Scene s;
    s.connect();

    s.peer.send(sound(1));
    s.peer.send(sound(2));
    for (std::uint16_t i = 1; i < 4; ++i) {
        s.peer.send(RtpOnWire{.payload_type = SessionFixture::kH264,
                              .marker = true,
                              .sequence = i,
                              .rtp_time = i * 3000U,
                              .ssrc = kPicture,
                              .payload = Bytes(100, 0x65)}
                        .bytes());
    }
    s.f.tick_audio(Bytes(60, 0x77));
    s.f.picture(tests::make_picture(true, {200}, s.f.clock.now()));

    CHECK(recorded().sound.size() == 2);
    CHECK(s.f.counters(0).packets_received == 2);
    CHECK(s.f.counters(1).packets_received == 3);
    const auto [rtp, rtcp] = s.peer.receive();
    CHECK(std::ranges::count(rtp, s.local[0].ssrc, &RtpOnWire::ssrc) == 1);
    CHECK(std::ranges::count(rtp, s.local[1].ssrc, &RtpOnWire::ssrc) >= 1);
}

TEST_CASE("We call by DTLS, once ICE has found the peer") {
    Scene s(DtlsRole::Client);
    s.f.pass(1s);
    CHECK(s.f.drain(*s.peer.socket).empty());

    s.connect();
    s.f.tick_audio(Bytes(60, 0x77));

    CHECK(s.peer.receive().first.size() == 1);
}

TEST_CASE("The peer's certificate is not the one signalling told: no keys, and no media") {
    Scene s;
    s.f.configure(media_of(s.identity_first->fingerprint()), bundle_of());
    s.peer.check();
    s.peer.shake();
    s.f.tick_audio(Bytes(60, 0x77));

    CHECK(s.peer.association.state() != DtlsAssociation::State::Established);
    CHECK(std::ranges::none_of(s.f.drain(*s.peer.socket),
                               [](const Bytes& datagram) { return datagram[0] >= 128; }));
}

TEST_CASE("From an address that ICE never proved, DTLS is not answered") {
    Scene s;

    s.peer.shake();

    CHECK(s.peer.association.state() != DtlsAssociation::State::Established);
    CHECK(s.f.counters(0).dropped.foreign_address >= 1);
}

TEST_CASE("From an address that ICE never proved, media is not let in, be it authentic") {
    Scene s;
    s.connect();
    s.peer.socket = std::make_unique<UdpPeer>();

    s.peer.send(sound(1));
    s.peer.send(sound(2));

    CHECK(recorded().sound.empty());
    CHECK(s.f.counters(0).dropped.foreign_address >= 2);
}

TEST_CASE("A peer that moves goes on with the same keys as soon as it nominates its new path") {
    Scene s;
    s.connect();
    s.peer.send(sound(1));
    s.peer.send(sound(2));
    s.peer.socket = std::make_unique<UdpPeer>();

    s.peer.check();
    s.peer.send(sound(3));
    s.f.tick_audio(Bytes(60, 0x77));

    CHECK(recorded().sound.size() == 3);
    CHECK(s.peer.receive().first.size() == 1);
}

TEST_CASE("Media stops 30 s after the peer was heard last, and goes on when it checks again") {
    Scene s;
    s.connect();

    s.f.clock.advance(31s);
    s.f.tick_audio(Bytes(60, 0x77));
    CHECK(s.peer.receive().first.empty());
    s.peer.check();
    s.f.tick_audio(Bytes(60, 0x77));

    CHECK(s.peer.receive().first.size() == 1);
}

TEST_CASE("How loud a packet's sender says that it is goes with it to the playout") {
    Scene s;
    s.connect();
    Bytes soft = sound(1);
    soft[0] |= 0x10;
    // RFC 6464 3: voice, and 77 dB below full scale.
    const Bytes block{0xbe, 0xde, 0, 1, 0x50, 0x80 | 77, 0, 0};
    soft.insert(soft.begin() + 12, block.begin(), block.end());

    s.peer.send(soft);
    s.peer.send(sound(2));

    REQUIRE(recorded().sound.size() == 2);
    CHECK(recorded().sound[0].said_dbfs == -77.0F);
    CHECK_FALSE(recorded().sound[1].said_dbfs);
}

TEST_CASE("The peer hears which packets of the transport came, of all media at once") {
    Scene s;
    s.connect();

    s.peer.send(numbered(sound(1), 1));
    s.peer.send(numbered(sound(2), 2));
    s.f.pass(200ms);

    CHECK(tests::count_rtcp(s.peer.receive().second, 205, 15) >= 1);
}

TEST_CASE("A bundle is refused whole where a medium is not fit for it") {
    SessionFixture f;
    const auto theirs = *mcu::DtlsIdentity::create();
    std::vector<MediaConfig> media = media_of(theirs->fingerprint());

    SECTION("without rtcp-mux") {
        media[1].rtcp_mux = false;
    }
    SECTION("plain") {
        media[0].security = {};
    }
    SECTION("another role") {
        media[1].security.role = DtlsRole::Client;
    }

    CHECK(!f.session->configure(media, bundle_of()));
    CHECK(f.ports->pairs_in_use() == 0);
}

TEST_CASE("Without a bundle any more, its port is closed") {
    Scene s;

    s.f.configure({});

    CHECK(s.f.session->candidates().empty());
    CHECK(s.f.ports->pairs_in_use() == 0);
}

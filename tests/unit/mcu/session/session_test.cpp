#include "mcu/session/session.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "common/media_pool.h"
#include "tests/unit/mcu/session/session_fixture.h"

using common::AudioCodec;
using mcu::MediaConfig;
using mcu::NetThread;
using mcu::Session;
using tests::Bytes;
using tests::PeerPorts;
using tests::SessionFixture;
using namespace std::chrono_literals;

namespace {

struct CountingObserver final : mcu::SessionObserver {
    void on_dtmf(char, common::Duration) override { ++calls; }
    void on_media_started(const std::string&) override { ++calls; }
    void on_media_stopped(const std::string&) override { ++calls; }
    void on_start_wanted(const std::string&) override { ++calls; }
    void on_key_frame_wanted(const std::string&) override { ++calls; }
    void on_bitrate_limited(const std::string&, common::Bitrate) override {}
    std::atomic<int> calls{0};
};

}  // namespace

TEST_CASE("Repeating a configuration changes nothing") {
    SessionFixture f;
    PeerPorts peer;
    const std::vector<MediaConfig> media{SessionFixture::audio(AudioCodec::Opus, &peer),
                                         SessionFixture::video(&peer)};

    const auto first = f.configure(media);
    const auto second = f.configure(media);

    REQUIRE(second.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(first[i].mid == media[i].mid);
        CHECK(second[i].rtp_port == first[i].rtp_port);
        CHECK(second[i].ssrc == first[i].ssrc);
        CHECK(second[i].cname == "us@test");
    }
    CHECK(f.ports->pairs_in_use() == 2);
}

TEST_CASE("A medium that is not listed any more closes with a goodbye, and its ports come back") {
    SessionFixture f;
    PeerPorts sound;
    PeerPorts video;
    const auto before = f.configure(
        {SessionFixture::audio(AudioCodec::Opus, &sound), SessionFixture::video(&video)});

    const auto after = f.configure({SessionFixture::audio(AudioCodec::Opus, &sound)});

    CHECK(after.size() == 1);
    CHECK(after[0].rtp_port == before[0].rtp_port);
    CHECK(f.ports->pairs_in_use() == 1);
    CHECK(tests::count_rtcp(f.drain(video.rtcp), 203) == 1);
    f.picture(tests::make_picture(true, {100}, f.clock.now()));  // for nobody
    CHECK(f.drain_rtp(video.rtp).empty());
}

TEST_CASE("A medium that comes back has another SSRC") {
    SessionFixture f;
    PeerPorts peer;
    const auto before = f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});
    f.configure({});

    const auto after = f.configure({SessionFixture::audio(AudioCodec::Opus, &peer)});

    CHECK(after[0].ssrc != before[0].ssrc);
}

TEST_CASE("A configuration that fails changes nothing") {
    SessionFixture f;
    PeerPorts peer;
    const MediaConfig sound = SessionFixture::audio(AudioCodec::Opus, &peer);
    const auto before = f.configure({sound});
    MediaConfig video = SessionFixture::video(&peer);
    video.peer.address = "nowhere";
    MediaConfig other_kind = SessionFixture::video(&peer);
    other_kind.mid = "a";

    const auto bad_address = f.session->configure({video});
    const auto bad_kind = f.session->configure({other_kind});

    REQUIRE_FALSE(bad_address);
    CHECK(bad_address.error().message ==
          "session s: medium 'v': 'nowhere' is not a numeric IPv4 or IPv6 address");
    REQUIRE_FALSE(bad_kind);
    CHECK(bad_kind.error().message == "session s: medium 'a' cannot change its kind");
    CHECK(f.ports->pairs_in_use() == 1);
    CHECK(f.configure({sound})[0].ssrc == before[0].ssrc);
    f.tick_audio({1});
    CHECK(f.drain_rtp(peer.rtp).size() == 1);
}

TEST_CASE("When the ports run out the error says so, and what was opened is closed again") {
    SessionFixture f;
    auto few = std::move(*mcu::UdpPortRange::create(23300, 23303));
    CountingObserver observer;
    auto session = Session::create({.id = "few", .local_address = "127.0.0.1"}, f.net, *few,
                                   f.clock, observer);
    REQUIRE(session);
    std::vector<MediaConfig> media(3, SessionFixture::audio(AudioCodec::Opus, nullptr));
    for (std::size_t i = 0; i < 3; ++i) media[i].mid = std::to_string(i);

    const auto configured = (*session)->configure(media);

    REQUIRE_FALSE(configured);
    CHECK(configured.error().code == common::ErrorCode::LimitReached);
    CHECK(configured.error().message.find("23300-23303") != std::string::npos);
    CHECK(few->pairs_in_use() == 0);
}

TEST_CASE("A session that is given no CNAME has a random one of its own") {
    SessionFixture f;
    const Session::Config unnamed{.id = "x", .local_address = "127.0.0.1"};
    const std::vector media{SessionFixture::audio(AudioCodec::Opus, nullptr)};
    auto one = Session::create(unnamed, f.net, *f.ports, f.clock, f.observer);
    auto other = Session::create(unnamed, f.net, *f.ports, f.clock, f.observer);
    REQUIRE((one && other));

    const std::string first = (*(*one)->configure(media))[0].cname;
    const std::string second = (*(*other)->configure(media))[0].cname;

    CHECK(first.size() >= 16);
    CHECK(first != second);
}

TEST_CASE("A local address that is none is refused at creation") {
    SessionFixture f;

    const auto session =
        Session::create({.id = "x", .local_address = "eth0"}, f.net, *f.ports, f.clock, f.observer);

    REQUIRE_FALSE(session);
    CHECK(session.error().message.find("eth0") != std::string::npos);
}

TEST_CASE("Only the main medium of a kind gets the mixer's pictures and feeds its lane") {
    SessionFixture f;
    PeerPorts main;
    PeerPorts slides;
    MediaConfig content = SessionFixture::video(&slides);
    content.mid = "s";
    content.content = "slides";
    f.configure({content, SessionFixture::video(&main)});

    f.picture(tests::make_picture(true, {100}, f.clock.now()));

    CHECK(f.drain_rtp(main.rtp).size() == 1);
    CHECK(f.drain_rtp(slides.rtp).empty());
}

TEST_CASE("A thousand sessions opened and closed leave descriptors and ports as they were") {
    SessionFixture f;
    PeerPorts peer;
    const std::size_t descriptors = tests::open_descriptors();

    for (int i = 0; i < 1000; ++i) {
        auto session = Session::create({.id = "n", .local_address = "127.0.0.1"}, f.net, *f.ports,
                                       f.clock, f.observer);
        REQUIRE(session);
        REQUIRE((*session)->configure(
            {SessionFixture::audio(AudioCodec::Opus, &peer), SessionFixture::video(&peer)}));
        f.net.run_ready();
        if (i % 100 == 0) f.drain(peer.rtcp);
    }

    CHECK(tests::open_descriptors() == descriptors);
    CHECK(f.ports->pairs_in_use() == 0);
}

TEST_CASE("Sessions live on a net thread while the mixer's and the control thread use them") {
    const common::MonotonicClock clock;
    auto ports = std::move(*mcu::UdpPortRange::create(23400, 23499));
    NetThread net("net", clock);
    CountingObserver observer;
    PeerPorts peer;
    tests::recorded() = {};
    common::MediaPool pool(1, clock);
    const auto playout = tests::make_recording_playout();
    const auto lane = tests::make_recording_lane(pool);

    for (int round = 0; round < 20; ++round) {
        auto made = Session::create({.id = "t", .local_address = "127.0.0.1"}, net, *ports, clock,
                                    observer);
        REQUIRE(made);
        Session& session = **made;
        session.set_inlets({playout.get(), lane.get()});
        const auto local = session.configure(
            {SessionFixture::audio(AudioCodec::Opus, &peer), SessionFixture::video(&peer)});
        REQUIRE(local);

        std::thread audio_tick([&] {
            for (int i = 0; i < 200; ++i) session.audio_sink().on_audio(Bytes(80), clock.now());
        });
        std::thread media_pool([&] {
            for (int i = 0; i < 100; ++i) {
                session.picture_sink().on_picture(
                    tests::make_picture(i % 10 == 0, {3000}, clock.now()));
                session.key_frame_requester().request_key_frame();
            }
        });
        for (std::uint16_t i = 0; i < 50; ++i) {
            peer.rtp.send(tests::RtpOnWire{.payload_type = SessionFixture::kOpus,
                                           .sequence = i,
                                           .ssrc = 5,
                                           .payload = Bytes(20)}
                              .bytes(),
                          (*local)[0].rtp_port);
            if (i % 10 == 0) (void)session.counters();
        }
        audio_tick.join();
        media_pool.join();
        made->reset();

        // No callback after the destructor returned: whatever the net thread still has to do.
        const int calls = observer.calls;
        net.call([] {});
        CHECK(observer.calls == calls);
        while (peer.rtp.receive()) {
        }
        while (peer.rtcp.receive()) {
        }
    }

    lane->close();
    CHECK(ports->pairs_in_use() == 0);
}

#include "signaling/mcu_client/mcu_client.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "signaling/conference/room_directory.h"
#include "tests/support/fake_call.h"
#include "tests/support/fake_mcud.h"
#include "tests/support/main_loop.h"

using namespace signaling;
using tests::run_until;
using namespace std::chrono_literals;

namespace {

std::string socket_address() {
    static int count = 0;
    return "unix:/tmp/tessera-mcu-client-" + std::to_string(getpid()) + "-" +
           std::to_string(++count) + ".sock";
}

struct Watcher final : MediaNodeObserver {
    void node_up(const NodeInfo& info) override { ups.push_back(info.incarnation); }
    void node_down(const std::string& why) override { downs.push_back(why); }
    void node_event(const NodeEvent& event) override { events.push_back(event); }
    std::vector<std::string> ups, downs;
    std::vector<NodeEvent> events;
};

SessionSpec session_of_two_media() {
    SessionSpec session;
    session.id = "s1";
    session.display_name = "Anna";
    session.roles = {"host"};
    session.audio_muted = true;
    session.layout = "grid";
    session.self_view = SelfView::Hide;
    session.pinned = {"s2"};
    session.local_address = "127.0.0.1";
    SessionMedia audio;
    audio.mid = "0";
    audio.content = "main";
    audio.direction = MediaDirection::SendOnly;
    audio.remote_address = "127.0.0.2";
    audio.remote_rtp_port = 5000;
    audio.remote_rtcp_port = 5001;
    audio.receive = {{"opus", 96, 48000, 2, "useinbandfec=1"}, {"PCMU", 0, 8000, 1, ""}};
    audio.send = {"opus", 111, 48000, 2, "stereo=1"};
    audio.ptime_ms = 40;
    audio.telephone_event_pt = 101;
    audio.telephone_event_clock_hz = 48000;
    audio.bandwidth = common::Bitrate::from_kbps(64);
    audio.relearn = 3;
    SessionMedia video = audio;
    video.mid = "1";
    video.kind = MediaKind::Video;
    video.direction = MediaDirection::RecvOnly;
    video.rtcp_mux = video.feedback_pli = video.feedback_fir = true;
    video.start_asked = 7;
    session.media = {audio, video};
    SessionBundle bundle;
    bundle.mids = {"0", "1"};
    bundle.local = {"ours", "abcdefghijklmnopqrstuv"};
    bundle.remote = {"peer", "vutsrqponmlkjihgfedcba"};
    bundle.extensions = {4, 1, 3};
    bundle.transport_cc = {"1"};
    bundle.remote_ssrcs = {{"0", {7}}, {"1", {8, 9}}};
    bundle.rtx = {{"1", {{96, 98}}}};
    session.bundle = bundle;
    return session;
}

}  // namespace

TEST_CASE("A node is there after its first event, and says what it can") {
    const std::string address = socket_address();
    tests::FakeMcud mcud(address);
    McuClient client(address, "boot");
    Watcher watcher;

    client.start(watcher);
    REQUIRE(run_until([&] { return !watcher.ups.empty(); }));

    REQUIRE(client.info() != nullptr);
    CHECK(client.info()->incarnation == mcud.incarnation());
    CHECK(client.info()->audio_codecs == std::vector<std::string>{"opus", "G722", "PCMU", "PCMA"});
    CHECK(client.info()->ipv6);
}

TEST_CASE("What was applied is what a claim of the next owner returns, field by field") {
    const std::string address = socket_address();
    tests::FakeMcud mcud(address);
    McuClient client(address, "boot"), next(address, "next boot");
    Watcher watcher, next_watcher;
    client.start(watcher);
    next.start(next_watcher);
    REQUIRE(run_until([&] { return !watcher.ups.empty() && !next_watcher.ups.empty(); }));
    ConferenceSpec spec;
    spec.revision = 5;
    spec.default_layout = "1+5";
    spec.default_self_view = SelfView::Show;
    spec.max_size = {1280, 720};
    spec.sessions = {session_of_two_media()};
    std::optional<common::Result<AppliedState>> applied;
    std::optional<common::Result<ClaimedState>> claimed;
    std::optional<common::Result<std::vector<RunningConference>>> listed;

    // Commands under way together may overtake each other: whoever needs an order waits for the
    // answer.
    client.claim({"c1", 1}, "board", [&](auto) {
        client.apply({"c1", 1}, spec, [&](auto r) { applied = std::move(r); });
    });
    REQUIRE(run_until([&] { return applied.has_value(); }));
    REQUIRE(*applied);
    next.list_conferences([&](auto r) {
        listed = std::move(r);
        next.claim({"c1", 2}, "board", [&](auto c) { claimed = std::move(c); });
    });
    REQUIRE(run_until([&] { return claimed.has_value(); }));

    REQUIRE((*applied)->local.size() == 2);
    CHECK((*applied)->local[0].rtp_port != 0);
    CHECK((*applied)->bundles ==
          std::vector<LocalBundle>{
              {spec.sessions[0].id,
               {"1 1 udp 2130706431 192.0.2.9 5004 typ host",
                "2 1 tcp 2105458943 2001:db8::9 5004 typ host tcptype passive"}}});
    CHECK((*claimed)->running == spec);
    CHECK((*claimed)->local == (*applied)->local);
    REQUIRE((*listed)->size() == 1);
    CHECK((*listed)->front().room == "board");
    CHECK((*listed)->front().owner_boot_id == "boot");
}

TEST_CASE("Who does not own the conference is told so") {
    const std::string address = socket_address();
    tests::FakeMcud mcud(address);
    McuClient client(address, "boot");
    Watcher watcher;
    client.start(watcher);
    REQUIRE(run_until([&] { return !watcher.ups.empty(); }));
    std::vector<common::Error> errors;
    bool owned = false;
    client.claim({"c1", 5}, "board", [&](auto) { owned = true; });
    REQUIRE(run_until([&] { return owned; }));

    client.claim({"c1", 4}, "board", [&](auto r) { errors.push_back(r.error()); });
    client.apply({"c1", 4}, {}, [&](auto r) { errors.push_back(r.error()); });
    client.snapshot("nothing", "", [&](auto r) { errors.push_back(r.error()); });
    REQUIRE(run_until([&] { return errors.size() == 3; }));

    for (const common::Error& error : errors) {
        const bool snapshot = error.message.starts_with("snapshot");
        CHECK(error.code ==
              (snapshot ? common::ErrorCode::NotFound : common::ErrorCode::StaleFence));
    }
}

TEST_CASE("When the daemon dies every reply outstanding fails before the node counts as away") {
    const std::string address = socket_address();
    auto mcud = std::make_unique<tests::FakeMcud>(address);
    McuClient client(address, "boot");
    Watcher watcher;
    client.start(watcher);
    REQUIRE(run_until([&] { return !watcher.ups.empty(); }));
    std::optional<common::ErrorCode> failed;
    bool down_before = false;
    mcud->hang(true);
    client.claim({"c1", 1}, "board", [&](auto r) {
        failed = r.error().code;
        down_before = !watcher.downs.empty();
    });

    mcud.reset();
    REQUIRE(run_until([&] { return !watcher.downs.empty(); }));

    CHECK(failed == common::ErrorCode::Unavailable);
    CHECK_FALSE(down_before);
    CHECK(client.info() == nullptr);
    std::optional<common::ErrorCode> later;
    client.list_layouts([&](auto r) { later = r.error().code; });
    CHECK_FALSE(later);  // never from within the call
    REQUIRE(run_until([&] { return later.has_value(); }));
    CHECK(later == common::ErrorCode::Unavailable);
}

TEST_CASE("A daemon that comes back is found within a second, as another incarnation") {
    const std::string address = socket_address();
    auto mcud = std::make_unique<tests::FakeMcud>(address);
    McuClient client(address, "boot");
    Watcher watcher;
    client.start(watcher);
    REQUIRE(run_until([&] { return !watcher.ups.empty(); }));
    mcud.reset();
    REQUIRE(run_until([&] { return !watcher.downs.empty(); }));
    REQUIRE_FALSE(run_until([&] { return watcher.ups.size() > 1; },
                            700ms));  // long enough for the back-off to grow

    mcud = std::make_unique<tests::FakeMcud>(address);
    const auto since = std::chrono::steady_clock::now();
    REQUIRE(run_until([&] { return watcher.ups.size() > 1; }));

    CHECK(std::chrono::steady_clock::now() - since < 1500ms);
    CHECK(watcher.ups[0] != watcher.ups[1]);
}

TEST_CASE("A daemon that hangs counts as away until it answers again") {
    const std::string address = socket_address();
    tests::FakeMcud mcud(address);
    McuClient client(address, "boot");
    Watcher watcher;
    client.start(watcher);
    REQUIRE(run_until([&] { return !watcher.ups.empty(); }));

    mcud.hang(true);
    REQUIRE(run_until([&] { return !watcher.downs.empty(); }));
    mcud.hang(false);
    REQUIRE(run_until([&] { return watcher.ups.size() > 1; }));

    CHECK(watcher.ups[0] == watcher.ups[1]);
}

TEST_CASE(
    "Rooms live on over a restart of the media daemon: calls are re-offered within a second") {
    const std::string address = socket_address();
    auto mcud = std::make_unique<tests::FakeMcud>(address);
    McuClient client(address, "boot");
    common::MonotonicClock clock;
    IdMaker ids(3, [] { return 1'700'000'000'000ULL; });
    RoomDirectory rooms(client, clock, ids,
                        *parse_settings("[[room]]\nid = \"board\"\n", "t.toml"));
    client.start(rooms);
    REQUIRE(run_until([&] { return rooms.ready(); }));
    tests::FakeCall call;
    std::optional<Admitted> admitted;
    CallRequest request;
    request.room = "board";
    request.display_name = "Anna";
    request.offer = tests::usual_offer();
    rooms.admit(request, call, [&](auto result) { admitted = *result; });
    REQUIRE(run_until([&] { return admitted.has_value(); }));

    mcud = nullptr;
    mcud = std::make_unique<tests::FakeMcud>(address);
    REQUIRE(run_until([&] { return !call.re_offers.empty(); }));

    CHECK(call.re_offers[0].media[1].ssrc != admitted->media.media[1].ssrc);
    CHECK(mcud->session_count() == 1);
    mcud->want_key_frame(admitted->participant);
    CHECK(run_until([&] { return !call.key_frames_wanted.empty(); }));
    mcud->end_session(admitted->participant, "broken");
    CHECK(run_until([&] { return call.hung_up.has_value(); }));
    rooms.left(admitted->participant, {});
    CHECK(run_until([&] { return mcud->conference_count() == 0; }));
}

TEST_CASE("A client can be destroyed while commands are under way") {
    const std::string address = socket_address();
    tests::FakeMcud mcud(address);
    Watcher watcher;
    int replies = 0;
    {
        McuClient client(address, "boot");
        client.start(watcher);
        REQUIRE(run_until([&] { return !watcher.ups.empty(); }));
        mcud.hang(true);
        client.claim({"c1", 1}, "board", [&](auto) { ++replies; });
    }

    mcud.hang(false);
    CHECK_FALSE(run_until([&] { return replies > 0; }, 200ms));
}

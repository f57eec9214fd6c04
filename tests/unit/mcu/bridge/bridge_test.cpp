#include "mcu/bridge/bridge.h"

#include <catch2/catch.hpp>

#include "tests/support/media_node.h"

using Catch::Matchers::Contains;
using mcu::Bridge;
using mcu::ConferenceState;
using tests::caller;
using tests::MediaNode;
using tests::RecordingEvents;

namespace {

ConferenceState state_of(std::initializer_list<const char*> ids) {
    static std::uint64_t revision = 0;
    ConferenceState state;
    state.revision = ++revision;
    state.default_layout = "grid";
    for (const char* id : ids) state.sessions.push_back(caller(id));
    return state;
}

}  // namespace

TEST_CASE("Everyone who joins is told their ports, and leaves nothing behind") {
    MediaNode node;
    RecordingEvents events;
    {
        Bridge bridge("i", node.services, events);

        const Bridge::Applied applied = bridge.apply(state_of({"a", "b", "c"}));

        CHECK(applied.failures.empty());
        CHECK(applied.local.size() == 6);
        CHECK(applied.local_sessions.front() == "a");
        CHECK(applied.local.front().address == "127.0.0.1");
        CHECK(applied.local.front().rtp_port % 2 == 0);
        CHECK(node.ports->pairs_in_use() == 6);
        CHECK(bridge.statistics().views == 1);

        bridge.apply(state_of({"b"}));
        node.tick();
        bridge.poll(node.clock.now());
        CHECK(node.ports->pairs_in_use() == 2);
        CHECK(bridge.statistics().sessions.size() == 1);
    }
    CHECK(node.ports->pairs_in_use() == 0);
}

TEST_CASE("Repeating a state changes nothing: same ports, same SSRCs, no encoder opened") {
    MediaNode node;
    RecordingEvents events;
    Bridge bridge("i", node.services, events);
    const ConferenceState state = state_of({"a", "b"});
    const Bridge::Applied first = bridge.apply(state);
    const std::uint64_t opened = bridge.statistics().encoders_opened;

    const Bridge::Applied second = bridge.apply(state);

    REQUIRE(second.local.size() == first.local.size());
    for (std::size_t i = 0; i < first.local.size(); ++i) {
        CHECK(second.local[i].rtp_port == first.local[i].rtp_port);
        CHECK(second.local[i].ssrc == first.local[i].ssrc);
    }
    CHECK(bridge.statistics().encoders_opened == opened);
}

TEST_CASE("A session that cannot be made is named, and the others live") {
    MediaNode node;
    RecordingEvents events;
    Bridge bridge("i", node.services, events);
    ConferenceState state = state_of({"a", "bad"});
    state.sessions[1].local_address = "203.0.113.77";  // not an address of this machine

    const Bridge::Applied applied = bridge.apply(state);

    REQUIRE(applied.failures.size() == 1);
    CHECK(applied.failures[0].session == "bad");
    CHECK_THAT(applied.failures[0].reason, Contains("203.0.113.77"));
    CHECK(applied.local.size() == 2);
}

TEST_CASE("A snapshot is drawn at the next tick") {
    MediaNode node;
    RecordingEvents events;
    Bridge bridge("i", node.services, events);
    bridge.apply(state_of({"a", "b"}));
    mixer::FrameRef picture;

    REQUIRE(bridge.snapshot("a", [&](mixer::FrameRef drawn) { picture = drawn; }));
    node.tick();

    REQUIRE(picture);
    CHECK(picture->size() == common::PictureSize{1280, 720});
}

TEST_CASE("Whoever sends slides turns everybody's picture to content, and back when they stop") {
    MediaNode node;
    RecordingEvents events;
    Bridge bridge("i", node.services, events);
    ConferenceState state = state_of({"a", "b", "c"});
    state.default_layout = "auto";
    mcu::MediaConfig slides = state.sessions[1].media[1];
    slides.mid = "2";
    slides.content = "slides";
    slides.direction = mcu::Direction::RecvOnly;
    const auto shape_of_first_tile = [&](const ConferenceState& next) {
        (void)bridge.apply(next);
        const auto scene = bridge.scene_of("a");
        return scene->tiles.empty() ? mixer::PixelRect{} : scene->tiles[0].rect;
    };
    const auto before = shape_of_first_tile(state);

    state.sessions[1].media.push_back(slides);
    ++state.revision;
    const auto with_slides = shape_of_first_tile(state);
    state.sessions[1].media[2].direction = mcu::Direction::Inactive;
    ++state.revision;
    const auto after = shape_of_first_tile(state);

    CHECK(with_slides.width > before.width);
    CHECK(after == before);
}

TEST_CASE("Whoever only watches is in nobody's picture, and sees everybody") {
    MediaNode node;
    RecordingEvents events;
    Bridge bridge("i", node.services, events);
    ConferenceState state = state_of({"a", "b", "c"});
    state.default_layout = "grid";
    state.sessions[2].roles = {"viewer"};

    (void)bridge.apply(state);

    CHECK(bridge.scene_of("c")->tiles.size() == 2);
    CHECK(bridge.scene_of("a")->tiles.size() == bridge.scene_of("b")->tiles.size());
    CHECK(bridge.scene_of("a")->tiles.size() <= 2);
}

TEST_CASE("A snapshot for somebody who is not there says so") {
    MediaNode node;
    RecordingEvents events;
    Bridge bridge("i", node.services, events);
    bridge.apply(state_of({"a"}));

    const auto asked = bridge.snapshot("zoe", [](auto) {});

    REQUIRE_FALSE(asked);
    CHECK(asked.error().code == common::ErrorCode::NotFound);
    CHECK_THAT(asked.error().message, Contains("zoe"));
}

TEST_CASE("A session that cannot be understood is named, and stays as it was where it runs") {
    MediaNode node;
    RecordingEvents events;
    Bridge bridge("i", node.services, events);
    const Bridge::Applied before = bridge.apply(state_of({"a", "b"}));
    ConferenceState state = state_of({"a"});
    state.unreadable = {{"b", "odd"}, {"new", "odder"}};

    const Bridge::Applied applied = bridge.apply(state);

    REQUIRE(applied.failures.size() == 2);
    CHECK(applied.failures[0].session == "b");
    CHECK(applied.failures[0].reason == "odd");
    CHECK(applied.failures[1].session == "new");
    REQUIRE(applied.local.size() == 4);
    CHECK(applied.local[2].rtp_port == before.local[2].rtp_port);
    CHECK(bridge.state().sessions.size() == 2);
    CHECK(bridge.local().failures.size() == 2);  // a repeated command is answered alike
    CHECK(bridge.apply(state_of({"a", "b"})).failures.empty());
}

TEST_CASE("A viewer that no rung fits has that in its statistics, and gets the sound") {
    MediaNode node;
    RecordingEvents events;
    Bridge bridge("i", node.services, events);
    ConferenceState state = state_of({"a", "tiny"});
    state.sessions[1].media[1].send.fmtp = "profile-level-id=42e00a";  // level 1: 176x144

    CHECK(bridge.apply(state).failures.empty());

    const auto sessions = bridge.statistics().sessions;
    REQUIRE(sessions.size() == 2);
    CHECK(sessions[0].video_failure.empty());
    CHECK_THAT(sessions[1].video_failure, Contains("max-fs"));
    CHECK(sessions[1].audio_failure.empty());
    CHECK(sessions[1].rung.empty());
}

TEST_CASE("A new local address makes the session anew, a foreign one is refused") {
    MediaNode node;
    RecordingEvents events;
    Bridge bridge("i", node.services, events);
    ConferenceState state = state_of({"a", "b"});
    const Bridge::Applied before = bridge.apply(state);

    state.sessions[0].local_address = "127.0.0.2";
    const Bridge::Applied moved = bridge.apply(state);
    node.tick();
    bridge.poll(node.clock.now());

    CHECK(moved.failures.empty());
    REQUIRE(moved.local.size() == 4);
    CHECK(moved.local_sessions.front() == "a");
    CHECK(moved.local[0].address == "127.0.0.2");
    CHECK(moved.local[0].ssrc != before.local[0].ssrc);
    CHECK(moved.local[2].rtp_port == before.local[2].rtp_port);
    CHECK(node.ports->pairs_in_use() == 4);

    state.sessions[0].local_address = "203.0.113.77";
    const Bridge::Applied refused = bridge.apply(state);
    REQUIRE(refused.failures.size() == 1);
    CHECK_THAT(refused.failures[0].reason, Contains("203.0.113.77"));
    CHECK(refused.local[0].address == "127.0.0.2");
}

TEST_CASE("Ending all tells of every session") {
    MediaNode node;
    RecordingEvents events;
    Bridge bridge("i", node.services, events);
    bridge.apply(state_of({"a", "b"}));

    bridge.end_all("nobody");

    CHECK(bridge.state().sessions.empty());
    CHECK(events.said == std::vector<std::string>{"ended a: nobody", "ended b: nobody"});
}

TEST_CASE("Joins and leaves while the ticks run leave no session, port or View") {
    MediaNode node(22000);
    RecordingEvents events;
    node.audio_tick.start(mcu::TickThread::Priority::Normal);
    node.video_tick.start(mcu::TickThread::Priority::Normal);
    {
        Bridge bridge("i", node.services, events);
        for (int round = 0; round < 20; ++round) {
            bridge.apply(state_of({"a", "b", "c"}));
            bridge.poll(node.clock.now());
            bridge.apply(state_of({"c"}));
            bridge.apply(state_of({}));
            bridge.poll(node.clock.now());
        }
        CHECK(bridge.statistics().views == 0);
    }
    node.audio_tick.stop();
    node.video_tick.stop();
    CHECK(node.ports->pairs_in_use() == 0);
}

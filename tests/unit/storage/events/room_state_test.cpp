#include "storage/events/room_state.h"

#include <catch2/catch.hpp>

using namespace storage;

namespace {

EventRecord event(const std::string& kind, const std::string& participant,
                  const std::string& detail) {
    EventRecord event;
    event.seq = 7;
    event.meeting = "m-1";
    event.kind = kind;
    event.participant = participant;
    event.detail = detail;
    return event;
}

std::string person(const std::string& name) {
    return R"({"name":")" + name +
           R"(","roles":[],"layout":"","self_view":"layout","pinned":["b"],)"
           R"("audio_muted":false,"video_muted":false,"a_later_member":1})";
}

RoomState replayed(const std::vector<EventRecord>& events) {
    RoomState state;
    for (const EventRecord& each : events) {
        const auto done = replay(state, each);
        INFO((done ? "" : done.error().message));
        REQUIRE(done);
    }
    return state;
}

const EventRecord kBegan =
    event("began", "", R"({"layout":"auto","self_view":"hide","pinned":[]})");

}  // namespace

TEST_CASE("People come, change and go as their events say") {
    const RoomState state = replayed(
        {kBegan, event("joined", "a", person("Anna")), event("joined", "b", person("Boris")),
         event("pinned", "", R"({"pinned":["b","a"]})"),
         event("layout", "a", R"({"layout":"grid"})"), event("layout", "", R"({"layout":"1+5"})"),
         event("self_view", "a", R"({"self_view":"show"})"),
         event("roles", "a", R"({"roles":["host"]})"),
         event("left", "b", R"({"cause":"peer_hung_up"})"),
         event("muted", "", R"({"audio":true})")});

    RoomState expected;
    expected.meeting = "m-1";
    expected.layout = "1+5";
    expected.self_view = "hide";
    expected.pinned = {"a"};
    expected.people["a"] = {"Anna", {"host"}, "grid", "show", {}, true, false};
    CHECK(state == expected);
}

TEST_CASE("A meeting that goes on under another server is told whole") {
    const RoomState state = replayed(
        {kBegan, event("joined", "gone", person("Gone")),
         event("adopted", "",
               R"({"layout":"grid","self_view":"layout","pinned":["a"],"people":[{"id":"a",)" +
                   person("Anna").substr(1) + "]}")});

    CHECK(state.people.size() == 1);
    CHECK(state.people.at("a").name == "Anna");
    CHECK(state.layout == "grid");
}

TEST_CASE("A room that everybody left is as if it never was") {
    CHECK(replayed({kBegan, event("joined", "a", person("Anna")), event("left", "a", "{}"),
                    event("ended", "", "{}")}) == RoomState());
}

TEST_CASE("What a newer server wrote changes nothing") {
    CHECK(replayed({kBegan, event("fireworks", "a", "{}")}) == replayed({kBegan}));
}

TEST_CASE("A detail that is not as it should be is named, and changes nothing") {
    RoomState state = replayed({kBegan, event("joined", "a", person("Anna"))});
    const RoomState before = state;

    for (const char* detail : {"", "[]", "{}", R"({"layout":1})", "{\"layout\":"}) {
        const auto done = replay(state, event("layout", "a", detail));
        REQUIRE_FALSE(done);
        CHECK(done.error().message.starts_with("event 7 ('layout') cannot be replayed"));
    }
    CHECK_FALSE(replay(state, event("adopted", "", R"({"layout":"x"})")));
    CHECK_FALSE(replay(state, event("muted", "a", R"({"audio":"yes"})")));
    CHECK(state == before);
}

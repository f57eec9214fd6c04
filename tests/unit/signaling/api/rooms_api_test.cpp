#include "signaling/api/rooms_api.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "signaling/api/records_api.h"
#include "tests/support/fake_call.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_media_node.h"

using namespace signaling;
using nlohmann::json;

namespace {

struct House {
    House() {
        add_rooms_api(router, rooms, node, clock);
        add_records_api(router, nullptr);
        node.start(rooms);
        node.run_all();
    }
    ParticipantId admit(tests::FakeCall& call) {
        CallRequest request;
        request.room = "board";
        request.display_name = "Anna";
        request.offer = tests::usual_offer();
        ParticipantId id;
        rooms.admit(request, call, [&](auto result) { id = result->participant; });
        node.run_all();
        return id;
    }
    ApiResponse ask(const std::string& method, const std::string& path,
                    const std::string& body = "", std::map<std::string, std::string> query = {}) {
        std::optional<ApiResponse> answer;
        router.dispatch({method, path, std::move(query), body},
                        [&](ApiResponse r) { answer = std::move(r); });
        node.run_all();
        REQUIRE(answer);
        return *answer;
    }
    const ConferenceSpec& state() { return node.conferences.begin()->second.state; }

    tests::FakeClock clock;
    tests::FakeMediaNode node;
    IdMaker ids{1, [] { return 1ULL; }};
    RoomDirectory rooms{node, clock, ids, *parse_settings("[[room]]\nid = \"board\"\n", "t.toml")};
    Router router;
};

// "GET /v1/rooms" of docs/openapi.yaml: a path stands two spaces in, its methods four.
std::set<std::string> documented_routes() {
    std::ifstream file(OPENAPI_FILE);
    std::set<std::string> routes;
    std::string line, path;
    while (std::getline(file, line)) {
        if (line.starts_with("  /")) path = line.substr(2, line.size() - 3);
        if (line == "    get:") routes.insert("GET " + path);
        if (line == "    post:") routes.insert("POST " + path);
    }
    return routes;
}

}  // namespace

TEST_CASE("Every route is documented, and every documented route is there") {
    House house;
    std::set<std::string> routes;
    for (const Router::Route& route : house.router.routes())
        routes.insert(route.method + " " + route.path);

    CHECK(routes == documented_routes());
}

TEST_CASE("Rooms and participants are shown") {
    House house;
    tests::FakeCall call;
    CHECK(json::parse(house.ask("GET", "/v1/rooms/board").body)["conference"].is_null());
    const ParticipantId id = house.admit(call);

    const json list = json::parse(house.ask("GET", "/v1/rooms").body);
    const json people = json::parse(house.ask("GET", "/v1/rooms/board/participants").body);

    CHECK(list["rooms"][0]["participant_count"] == 1);
    CHECK(people["participants"][0]["id"] == id);
    CHECK(people["participants"][0]["name"] == "Anna");
    CHECK(house.ask("GET", "/v1/rooms/board/snapshot.png").content_type == "image/png");
    CHECK(house.ask("GET", "/v1/rooms/board/snapshot.png", "", {{"participant", "x"}}).status ==
          404);
    const json layouts = json::parse(house.ask("GET", "/v1/layouts").body);
    CHECK(layouts["layouts"].size() == 3);
    CHECK(layouts["about"][1]["file"] == "/etc/layouts/grid.toml");
    CHECK(layouts["errors"][0]["text"] ==
          "/etc/layouts/mine.toml:3:7: z: found 1.5, expected an integer");
    CHECK(layouts["errors"][1]["text"] == "/etc/layouts/big.toml: cannot be read");
    CHECK(json::parse(house.ask("GET", "/v1/node").body)["version"] == "1");
}

TEST_CASE("Commands reach the media daemon, of the room and of one participant") {
    House house;
    tests::FakeCall call;
    const ParticipantId id = house.admit(call);
    const std::string one = "/v1/rooms/board/participants/" + id;

    CHECK(house.ask("POST", "/v1/rooms/board/layout", R"({"layout":"grid"})").status == 200);
    CHECK(house.ask("POST", one + "/layout", R"({"layout":"1+5"})").status == 200);
    CHECK(house.ask("POST", one + "/self-view", R"({"self_view":"hide"})").status == 200);
    CHECK(house.ask("POST", "/v1/rooms/board/mute").status == 200);
    CHECK(house.ask("POST", one + "/mute", R"({"media":"video"})").status == 200);
    CHECK(house.state().default_layout == "grid");
    CHECK(house.state().sessions[0].layout == "1+5");
    CHECK(house.state().sessions[0].self_view == SelfView::Hide);
    CHECK(house.state().sessions[0].audio_muted);
    CHECK(house.state().sessions[0].video_muted);
    CHECK(house.ask("POST", one + "/unmute", R"({"media":"both"})").status == 200);
    CHECK_FALSE(house.state().sessions[0].audio_muted);
    CHECK(house.ask("POST", one + "/kick").status == 200);
    CHECK(call.hung_up);
}

TEST_CASE("Pins and roles reach the media daemon, and go with whom they name") {
    House house;
    tests::FakeCall one_call, other_call;
    const ParticipantId one = house.admit(one_call);
    const ParticipantId other = house.admit(other_call);
    const std::string path = "/v1/rooms/board/participants/" + one;
    const auto pins = json{{"participants", {other}}}.dump();

    CHECK(house.ask("POST", "/v1/rooms/board/pin", pins).status == 200);
    CHECK(house.ask("POST", path + "/pin", pins).status == 200);
    CHECK(house.ask("POST", path + "/roles", R"({"roles":["host","guide"]})").status == 200);
    CHECK(house.state().pinned == std::vector{other});
    CHECK(house.state().sessions[0].pinned == std::vector{other});
    CHECK(house.state().sessions[0].roles == std::vector<std::string>{"host", "guide"});
    CHECK(house.ask("POST", path + "/pin", R"({"participants":["none"]})").status == 404);
    CHECK(house.ask("POST", path + "/pin", R"({"participants":"none"})").status == 400);
    CHECK(house.ask("POST", path + "/roles", R"({"roles":[""]})").status == 400);

    house.rooms.left(other, {Ending::Cause::PeerHungUp, "bye"});
    house.node.run_all();

    CHECK(house.state().pinned.empty());
    CHECK(house.state().sessions[0].pinned.empty());
}

TEST_CASE("What cannot be done is answered with a word and a sentence") {
    House house;
    tests::FakeCall call;
    const auto code = [&](const ApiResponse& r) {
        return std::to_string(r.status) + " " +
               json::parse(r.body)["error"]["code"].get<std::string>();
    };
    CHECK(code(house.ask("POST", "/v1/rooms/board/kick")) == "409 room_empty");
    house.admit(call);

    CHECK(code(house.ask("GET", "/v1/nothing")) == "404 not_found");
    CHECK(code(house.ask("GET", "/")) == "404 not_found");
    CHECK(code(house.ask("DELETE", "/v1/rooms")) == "405 method_not_allowed");
    CHECK(house.ask("DELETE", "/v1/rooms").allow == "GET");
    CHECK(code(house.ask("GET", "/v1/rooms/none")) == "404 not_found");
    CHECK(code(house.ask("POST", "/v1/rooms/board/participants/none/mute")) == "404 not_found");
    CHECK(code(house.ask("POST", "/v1/rooms/board/mute", "[]")) == "400 invalid_body");
    CHECK(code(house.ask("POST", "/v1/rooms/board/mute", R"({"media":3})")) ==
          "400 invalid_argument");
    CHECK(code(house.ask("POST", "/v1/rooms/board/mute", R"({"media":"x"})")) ==
          "400 invalid_argument");
    CHECK(code(house.ask("POST", "/v1/rooms/board/layout")) == "400 invalid_argument");
    CHECK(code(house.ask("POST", "/v1/rooms/board/layout", R"({"layout":"gird"})")) ==
          "400 unknown_layout");
    CHECK(code(house.ask("POST", "/v1/rooms/board/self-view", R"({"self_view":"x"})")) ==
          "400 invalid_argument");
}

TEST_CASE("What a participant is not sent is shown with its reason") {
    House house;
    tests::FakeCall call;
    const ParticipantId id = house.admit(call);
    ConferenceStatistics statistics;
    statistics.per_session.resize(1);
    statistics.per_session[0].session = id;
    statistics.per_session[0].streams.resize(1);
    statistics.per_session[0].streams[0].failure = "no rung fits";

    house.rooms.node_event({house.rooms.conference("board")->instance(), "", statistics});
    const auto shown = json::parse(house.ask("GET", "/v1/rooms/board/participants").body);

    CHECK(shown["participants"][0]["streams"][0]["failure"] == "no rung fits");
}

TEST_CASE("Layout names that are no UTF-8 are shown with what cannot be read replaced") {
    House house;
    house.node.layouts = {"auto", "caf\xe9"};

    const ApiResponse answer = house.ask("GET", "/v1/layouts");

    CHECK(answer.status == 200);
    CHECK(json::parse(answer.body)["layouts"][1] == "caf\xef\xbf\xbd");
}

TEST_CASE("A node that refuses newcomers is not ready, and says when to ask again") {
    House house;

    house.node.refuse_newcomers("the media daemon is overloaded", 30);
    const auto answer = house.ask("GET", "/readyz");

    CHECK(answer.status == 503);
    CHECK(answer.retry_after_s == 30);
    CHECK_THAT(answer.body, Catch::Contains("the media daemon is overloaded"));
    CHECK_THAT(house.ask("GET", "/v1/node").body, Catch::Contains("\"retry_after_s\":30"));
}

TEST_CASE("Readiness follows the media daemon") {
    House house;
    CHECK(house.ask("GET", "/readyz").status == 200);

    house.node.lose(house.rooms);

    CHECK(house.ask("GET", "/readyz").status == 503);
    CHECK(house.ask("GET", "/healthz").status == 200);
    CHECK(house.ask("GET", "/v1/node").status == 503);
    CHECK(house.ask("GET", "/v1/layouts").status == 503);
}

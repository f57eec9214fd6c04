#include "tools/ctl/node_commands.h"

#include <catch2/catch.hpp>
#include <map>
#include <vector>

using namespace ctl;
using namespace std::chrono_literals;

namespace {

/// An API that says what the test wrote, and remembers what it was asked.
struct Api {
    std::map<std::string, std::string> answers;
    std::vector<std::string> asked;

    Get get() {
        return [this](const std::string& path) -> common::Result<std::string> {
            asked.push_back(path);
            const auto found = answers.find(path);
            if (found == answers.end())
                return common::fail(common::ErrorCode::NotFound, "nothing at " + path);
            return found->second;
        };
    }
};

std::string node(int step, const std::string& step_name, const std::string& refusal) {
    return R"({"version":"1.2.3","max_sessions":200,"load":{"cpu_share":0.935,"pool_wait_p95_ms":12.25,)"
           R"("tick_late_ms":3,"ticks_lost":0.015,"audio_ticks_lost":0,"capacity_left":4,"step":)" +
           std::to_string(step) + R"(,"step_name":")" + step_name + R"(","refusal":")" + refusal +
           "\"}}";
}

constexpr const char* kRoom =
    R"({"rooms":[{"id":"empty","participant_count":0,"conference":null},
        {"id":"d\u00e9mo","participant_count":2,"conference":{"instance":"i-1","encoders":2,
         "late_ticks":9,"pictures_skipped":4,"drawn_after_ms":2.5,
         "cpu_seconds":{"decode":1,"scale":2,"compose":3,"encode":4,"audio":5}}}]})";
constexpr const char* kPeople =
    R"({"participants":[
        {"streams":[{"packets_received":90,"packets_lost":10,"freezes":2,"remote_loss_percent":1},
                    {"packets_received":0,"packets_lost":0,"freezes":1,"remote_loss_percent":3}]},
        {"streams":[]}]})";
constexpr const char* kPeoplePath = "/v1/rooms/d%C3%A9mo/participants";

}  // namespace

TEST_CASE("A node at ease says that nothing is given up and newcomers are taken") {
    Api api;
    api.answers["/v1/node"] = node(0, "", "");

    const auto text = show_node(api.get());

    REQUIRE(text);
    CHECK_THAT(*text, Catch::Contains("version          1.2.3\n"));
    CHECK_THAT(*text, Catch::Contains("94 % of its cores"));
    CHECK_THAT(*text, Catch::Contains("4 more people like those who are in, at most 200 in all"));
    CHECK_THAT(*text, Catch::Contains("step 0: nothing is given up"));
    CHECK_THAT(*text, Catch::Contains("1.5 % of video and 0.0 % of sound skipped"));
    CHECK_THAT(*text, Catch::Contains("newcomers        are taken\n"));
}

TEST_CASE("A node that is overloaded names what it gave up and why it refuses") {
    Api api;
    api.answers["/v1/node"] = node(2, "number of rungs", "the media daemon is overloaded");

    const auto text = show_node(api.get());

    REQUIRE(text);
    CHECK_THAT(*text, Catch::Contains("step 2: number of rungs\n"));
    CHECK_THAT(*text, Catch::Contains("are refused: the media daemon is overloaded\n"));
}

TEST_CASE("A failure of the API is told as it is, and an answer of another version is named") {
    Api api;
    const auto absent = show_node(api.get());
    REQUIRE_FALSE(absent);
    CHECK(absent.error().message == "nothing at /v1/node");

    for (const char* other : {"{}", "[1]", "no JSON", R"({"version":1,"load":{"step":"two"}})"}) {
        api.answers["/v1/node"] = other;
        const auto text = show_node(api.get());
        REQUIRE_FALSE(text);
        CHECK_THAT(text.error().message, Catch::Contains("/v1/node: the answer is not what"));
    }
}

TEST_CASE(
    "A look takes running meetings alone, and the worst loss and all freezes of their people") {
    Api api;
    api.answers = {{"/v1/rooms", kRoom}, {kPeoplePath, kPeople}};

    const auto look = look_at_meetings(api.get(), {});

    REQUIRE(look);
    REQUIRE(look->meetings.size() == 1);
    const Meeting& meeting = look->meetings[0];
    CHECK(meeting.instance == "i-1");
    CHECK(meeting.people == 2);
    CHECK(meeting.freezes == 3);
    CHECK(meeting.loss_percent == 10);
    CHECK(meeting.pictures_skipped == 4);
    CHECK(meeting.drawn_after_ms == 2.5);
    CHECK(meeting.late_ticks == 9);
    CHECK(meeting.cpu_seconds == std::array<double, 5>{1, 2, 3, 4, 5});
}

TEST_CASE("One look of top is two of the API, a second apart") {
    Api api;
    api.answers = {{"/v1/rooms", kRoom}, {kPeoplePath, kPeople}};
    std::vector<std::chrono::seconds> pauses;

    const auto text = watch_meetings(
        api.get(), [&](std::chrono::seconds time) { pauses.push_back(time); }, 5s, true);

    REQUIRE(text);
    CHECK_THAT(*text, Catch::Contains("1 meeting, 2 people"));
    CHECK(pauses == std::vector{1s});
    CHECK(api.asked ==
          std::vector<std::string>{"/v1/rooms", kPeoplePath, "/v1/rooms", kPeoplePath});
}

TEST_CASE("Top ends when the API fails, in between, too") {
    Api api;
    api.answers = {{"/v1/rooms", kRoom}, {kPeoplePath, kPeople}};

    const auto text = watch_meetings(
        api.get(), [&](std::chrono::seconds) { api.answers.clear(); }, 5s, false);

    REQUIRE_FALSE(text);
    CHECK(text.error().code == common::ErrorCode::NotFound);
}

#include "tools/ctl/record_commands.h"

#include <catch2/catch.hpp>
#include <map>
#include <vector>

using namespace ctl;

namespace {

/// An API that says what the test wrote, each answer once, and then nothing more.
struct Api {
    std::map<std::string, std::string> answers;
    std::vector<std::string> asked;
    Get get() {
        return [this](const std::string& path) -> common::Result<std::string> {
            asked.push_back(path);
            const auto found = answers.find(path);
            if (found == answers.end())
                return common::fail(common::ErrorCode::Unavailable, "nothing at " + path);
            return found->second;
        };
    }
};

struct Paper {
    std::string text;
    Print print() {
        return [this](const std::string& more) {
            text += more;
            return true;
        };
    }
};

std::string event(int seq) {
    return R"({"seq":)" + std::to_string(seq) +
           R"(,"at_ms":1700000000123,"kind":"layout","actor":"api","participant":"","detail":{"layout":"a\tb"}})";
}

std::string call(const std::string& id, const std::string& name, const std::string& left) {
    return R"({"id":")" + id + R"(","meeting":"m","room":"board","name":)" + name +
           R"(,"uri":"sip:a@b","protocol":"sip","transport":"udp","remote_address":"::1",)"
           R"("user_agent":"","joined_ms":1700000000123,"left_ms":)" +
           left +
           R"(,"cause":"kicked","ending":"","audio_codec":"opus","video_codec":"",)"
           R"("packets_received":5,"packets_lost":1,"jitter_ms":1.5,"round_trip_ms":0.25,)"
           R"("remote_loss_percent":0.0,"concealed_percent":0.0,"freezes":2})";
}

const Pause kNoPause = [](std::chrono::seconds) {};

}  // namespace

TEST_CASE("Events are printed a line each, page after page") {
    Api api{{{"/v1/rooms/a%20b/events?after=0",
              R"({"events":[)" + event(3) + "," + event(4) + R"(],"next":4})"},
             {"/v1/rooms/a%20b/events?after=4", R"({"events":[)" + event(9) + R"(],"next":null})"}},
            {}};
    Paper paper;

    REQUIRE(print_events(api.get(), kNoPause, paper.print(), "a b", false));

    CHECK(paper.text ==
          "3\t2023-11-14T22:13:20.123Z\tlayout\t-\tby api\t{\"layout\":\"a\\tb\"}\n"
          "4\t2023-11-14T22:13:20.123Z\tlayout\t-\tby api\t{\"layout\":\"a\\tb\"}\n"
          "9\t2023-11-14T22:13:20.123Z\tlayout\t-\tby api\t{\"layout\":\"a\\tb\"}\n");
}

TEST_CASE("Who follows is told what came since, until the server goes") {
    Api api{{{"/v1/rooms/r/events?after=0", R"({"events":[)" + event(3) + R"(],"next":null})"}},
            {}};
    Paper paper;
    int pauses = 0;
    const Pause pause = [&](std::chrono::seconds) {
        if (++pauses == 1)
            api.answers["/v1/rooms/r/events?after=3"] = R"({"events":[],"next":null})";
        if (pauses == 2) api.answers.clear();
    };

    const auto outcome = print_events(api.get(), pause, paper.print(), "r", true);

    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == common::ErrorCode::Unavailable);
    CHECK(pauses == 2);
    CHECK(paper.text.starts_with("3\t"));
}

TEST_CASE("Nothing is asked any more when nobody reads") {
    Api api{{{"/v1/rooms/r/events?after=0", R"({"events":[)" + event(3) + R"(],"next":3})"}}, {}};

    CHECK(print_events(
        api.get(), kNoPause, [](const std::string&) { return false; }, "r", true));

    CHECK(api.asked.size() == 1);
}

TEST_CASE("Calls are a table that every spreadsheet reads, and no formula") {
    Api api{{{"/v1/calls?after=&from_ms=5&before_ms=9&room=board",
              R"({"calls":[)" + call("c-1", "\"=cmd()\"", "1700000001000") + R"(],"next":"c-1"})"},
             {"/v1/calls?after=c-1&from_ms=5&before_ms=9&room=board",
              R"({"calls":[)" + call("c-2", R"x("A, \"B\"")x", "null") + R"(],"next":null})"}},
            {}};
    Paper paper;

    REQUIRE(export_calls(api.get(), paper.print(), {"board", 5, 9}));

    CHECK(
        paper.text ==
        "id,meeting,room,name,uri,protocol,transport,remote_address,user_agent,joined,left,cause,"
        "ending,audio_codec,video_codec,packets_received,packets_lost,jitter_ms,round_trip_ms,"
        "remote_loss_percent,concealed_percent,freezes\r\n"
        "c-1,m,board,'=cmd(),sip:a@b,sip,udp,::1,,2023-11-14T22:13:20.123Z,"
        "2023-11-14T22:13:21.000Z,kicked,,opus,,5,1,1.5,0.25,0.0,0.0,2\r\n"
        "c-2,m,board,\"A, \"\"B\"\"\",sip:a@b,sip,udp,::1,,2023-11-14T22:13:20.123Z,,kicked,,opus,"
        ",5,1,1.5,0.25,0.0,0.0,2\r\n");
}

TEST_CASE("An answer of another server is an error, not a crash") {
    for (const char* answer :
         {"", "[]", "{}", R"({"calls":[{}],"next":null})", R"({"calls":[]})"}) {
        Api api{{{"/v1/calls?after=&from_ms=0", answer}}, {}};
        Paper paper;
        const auto outcome = export_calls(api.get(), paper.print(), {});
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().message.find("is not what this version") != std::string::npos);
    }
}

TEST_CASE("Times are read as days or seconds, in UTC") {
    CHECK(parse_time("1970-01-02") == 86'400'000);
    CHECK(parse_time("1970-01-01T00:00:01") == 1000);
    CHECK(parse_time("1970-01-01T00:00:01Z") == 1000);
    CHECK_FALSE(parse_time(""));
    CHECK_FALSE(parse_time("yesterday"));
    CHECK_FALSE(parse_time("1970-01-02x"));
}

#include "signaling/api/records_api.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <optional>

using namespace signaling;
using nlohmann::json;
using storage::CallRecord;
using storage::EventRecord;

namespace {

/// Has what the test put there, and remembers what it was asked.
class Archive final : public storage::RecordArchive {
  public:
    void events(const storage::EventQuery& query, Answer<EventRecord> done) override {
        asked_events = query;
        done(rows_of_events);
    }
    void calls(const storage::CallQuery& query, Answer<CallRecord> done) override {
        asked_calls = query;
        done(rows_of_calls);
    }
    std::optional<storage::EventQuery> asked_events;
    std::optional<storage::CallQuery> asked_calls;
    common::Result<std::vector<EventRecord>> rows_of_events;
    common::Result<std::vector<CallRecord>> rows_of_calls;
};

ApiResponse ask(storage::RecordArchive* archive, const std::string& path,
                const std::map<std::string, std::string>& query = {}) {
    Router router;
    add_records_api(router, archive);
    std::optional<ApiResponse> answer;
    router.dispatch({"GET", path, query, ""}, [&](ApiResponse r) { answer = std::move(r); });
    REQUIRE(answer);
    return *answer;
}

EventRecord event(std::int64_t seq) {
    EventRecord event;
    event.seq = seq;
    event.kind = "layout";
    event.actor = "api";
    event.detail = R"({"layout":"grid"})";
    return event;
}

}  // namespace

TEST_CASE("Events are told from where the asker was, and where the next page begins") {
    Archive archive;
    archive.rows_of_events = std::vector{event(8), event(12)};

    const json full =
        json::parse(ask(&archive, "/v1/rooms/board/events", {{"after", "7"}, {"limit", "2"}}).body);
    const json last = json::parse(ask(&archive, "/v1/rooms/board/events").body);

    CHECK(full["events"][0]["detail"]["layout"] == "grid");
    CHECK(full["next"] == 12);
    CHECK(last["next"].is_null());
    CHECK(archive.asked_events->room == "board");
    CHECK(archive.asked_events->limit == 500);
}

TEST_CASE("Calls are asked for by room and time; one that stands has no end") {
    Archive archive;
    CallRecord call;
    call.id = "c-1";
    call.name = "An\xffna";
    archive.rows_of_calls = std::vector{call};

    const json body = json::parse(ask(&archive, "/v1/calls",
                                      {{"room", "board"},
                                       {"from_ms", "5"},
                                       {"before_ms", "9"},
                                       {"limit", "1"},
                                       {"after", "b"}})
                                      .body);

    CHECK(body["calls"][0]["left_ms"].is_null());
    CHECK(body["calls"][0]["name"] == "An\xef\xbf\xbdna");
    CHECK(body["next"] == "c-1");
    CHECK(archive.asked_calls->joined_from_ms == 5);
    CHECK(archive.asked_calls->joined_before_ms == 9);
    CHECK(archive.asked_calls->after_id == "b");
}

TEST_CASE("What is no number is refused by its name") {
    Archive archive;
    for (const std::string wrong : {"x", "-1", "1001", "5 ", "99999999999999999999"}) {
        const ApiResponse answer = ask(&archive, "/v1/calls", {{"limit", wrong}});
        CHECK(answer.status == 400);
        CHECK(answer.body.find("limit: expected a number from 0 to 1000") != std::string::npos);
    }
    CHECK(ask(&archive, "/v1/rooms/board/events", {{"after", "a"}}).status == 400);
    CHECK_FALSE(archive.asked_calls);
    CHECK_FALSE(archive.asked_events);
}

TEST_CASE("A store that is away, and one that is off, are told in words") {
    Archive archive;
    archive.rows_of_calls = common::fail(common::ErrorCode::Unavailable, "database 'x': locked");

    CHECK(ask(&archive, "/v1/calls").status == 503);
    CHECK(ask(&archive, "/v1/calls").body.find("database 'x': locked") != std::string::npos);
    CHECK(ask(nullptr, "/v1/calls").status == 409);
    CHECK(ask(nullptr, "/v1/rooms/board/events").body.find("metadata is off") != std::string::npos);
}

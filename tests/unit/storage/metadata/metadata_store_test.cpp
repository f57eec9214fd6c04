// What every metadata store promises, asked of each kind.
#include "storage/metadata/metadata_store.h"

#include <catch2/catch.hpp>
#include <functional>
#include <memory>

#include "storage/metadata/migrations.h"
#include "storage/metadata/postgres_connection.h"
#include "storage/metadata/sql_metadata_store.h"
#include "storage/metadata/sqlite_connection.h"
#include "tests/support/postgres_server.h"
#include "tests/unit/storage/metadata/database_folder.h"

using namespace storage;
using common::ErrorCode;

namespace {

/// A database that nobody has used yet, of each kind.
struct Sqlite {
    tests::DatabaseFolder folder;
    [[nodiscard]] std::unique_ptr<SqlConnection> connect() const {
        auto connection = open_sqlite(folder.file());
        REQUIRE(connection);
        return *std::move(connection);
    }
};
struct Postgres {
    std::string url = tests::PostgresServer::shared().make_database();
    [[nodiscard]] std::unique_ptr<SqlConnection> connect() const {
        auto connection = open_postgres(url);
        REQUIRE(connection);
        return *std::move(connection);
    }
};

template <typename Database>
std::unique_ptr<MetadataStore> open(const Database& database) {
    auto store = open_sql_store(database.connect());
    INFO((store ? "" : store.error().message));
    REQUIRE(store);
    return *std::move(store);
}

CallRecord call(const std::string& id, const std::string& room = "board") {
    CallRecord call;
    call.id = id;
    call.meeting = "m-1";
    call.room = room;
    call.name = "Anna \"A\" O'Neil \xc3\xa9";
    call.uri = "sip:anna@example.org";
    call.protocol = "sip";
    call.transport = "tls";
    call.remote_address = "2001:db8::1";
    call.user_agent = "'; DROP TABLE calls; --";
    call.joined_ms = 1'700'000'000'000;
    call.jitter_ms = 1.5;
    return call;
}

EventRecord event(const std::string& id, const std::string& room = "board") {
    EventRecord event;
    event.id = id;
    event.room = room;
    event.meeting = "m-1";
    event.at_ms = 1'700'000'000'000;
    event.kind = "layout";
    event.actor = "api";
    event.detail = R"({"layout":"grid"})";
    return event;
}

void write(MetadataStore& store, const std::vector<Record>& records) {
    const auto written = store.write(records);
    INFO((written ? "" : written.error().message));
    REQUIRE(written);
}

std::vector<std::string> ids(const std::vector<EventRecord>& events) {
    std::vector<std::string> all;
    for (const EventRecord& event : events) all.push_back(event.id);
    return all;
}

std::vector<std::string> ids(const std::vector<CallRecord>& calls) {
    std::vector<std::string> all;
    for (const CallRecord& call : calls) all.push_back(call.id);
    return all;
}

using Ids = std::vector<std::string>;

}  // namespace

TEMPLATE_TEST_CASE("Events come back in the order of writing, of their room alone, page by page",
                   "", Sqlite, Postgres) {
    const TestType database;
    auto store = open(database);
    write(*store, {event("z"), event("other", "lobby"), event("a")});
    write(*store, {event("m")});

    const auto first = store->events({"board", 0, 2});
    REQUIRE(first);
    const auto second = store->events({"board", first->back().seq, 2});

    CHECK(ids(*first) == Ids{"z", "a"});
    CHECK(ids(*second) == Ids{"m"});
    EventRecord expected = event("z");
    expected.seq = first->front().seq;
    CHECK(first->front() == expected);
}

TEMPLATE_TEST_CASE("An event that is written again stands there once", "", Sqlite, Postgres) {
    const TestType database;
    auto store = open(database);
    write(*store, {event("a"), event("b")});
    write(*store, {event("b"), event("c")});

    CHECK(ids(*store->events({"board", 0, 10})) == Ids{"a", "b", "c"});
}

TEMPLATE_TEST_CASE("A call is one record from its begin to its end, and its end is final", "",
                   Sqlite, Postgres) {
    const TestType database;
    auto store = open(database);
    CallRecord ended = call("c-1");
    ended.left_ms = 1'700'000'060'000;
    ended.cause = "peer_hung_up";
    ended.audio_codec = "opus";
    ended.packets_lost = 3;

    write(*store, {call("c-1")});
    CHECK(*store->calls({}) == std::vector{call("c-1")});
    write(*store, {ended});
    write(*store, {call("c-1")});

    CHECK(*store->calls({}) == std::vector{ended});
}

TEMPLATE_TEST_CASE("Calls are asked for by room, by time and by page", "", Sqlite, Postgres) {
    const TestType database;
    auto store = open(database);
    CallRecord later = call("c-3");
    later.joined_ms += 1000;
    write(*store, {later, call("c-1"), call("c-2", "lobby")});
    const std::int64_t joined = call("").joined_ms;

    CHECK(ids(*store->calls({})) == Ids{"c-1", "c-2", "c-3"});
    CHECK(ids(*store->calls({.room = "board"})) == Ids{"c-1", "c-3"});
    CHECK(ids(*store->calls({.joined_from_ms = joined + 1})) == Ids{"c-3"});
    CHECK(ids(*store->calls({.joined_before_ms = joined + 1000})) == Ids{"c-1", "c-2"});
    CHECK(ids(*store->calls({.after_id = "c-1", .limit = 1})) == Ids{"c-2"});
}

TEMPLATE_TEST_CASE("A meeting begins and ends once", "", Sqlite, Postgres) {
    const TestType database;
    auto store = open(database);
    const MeetingRecord began{"m-1", "board", 5, {}};
    const MeetingRecord ended{"m-1", "board", 5, 9};

    write(*store, {began});
    CHECK(*store->meetings("board") == std::vector{began});
    write(*store, {ended, began});

    CHECK(*store->meetings("board") == std::vector{ended});
    CHECK(store->meetings("lobby")->empty());
}

TEMPLATE_TEST_CASE("What a former server left open ends, unless it runs", "", Sqlite, Postgres) {
    const TestType database;
    auto store = open(database);
    CallRecord of_running = call("c-2");
    of_running.meeting = "m-2";
    write(*store, {MeetingRecord{"m-1", "board", 5, {}}, MeetingRecord{"m-2", "board", 6, {}},
                   call("c-1"), of_running});

    write(*store, {MeetingsRunning{{"m-2"}, 99}});

    const auto meetings = *store->meetings("board");
    CHECK(meetings[0].ended_ms == 99);
    CHECK_FALSE(meetings[1].ended_ms);
    const auto calls = *store->calls({});
    CHECK(calls[0].left_ms == 99);
    CHECK(calls[0].cause == "lost");
    CHECK(calls[1] == of_running);
}

TEMPLATE_TEST_CASE("Without a running meeting, all that was left open ends", "", Sqlite, Postgres) {
    const TestType database;
    auto store = open(database);
    write(*store, {MeetingRecord{"m-1", "board", 5, {}}, call("c-1")});

    write(*store, {MeetingsRunning{{}, 99}});

    CHECK(store->meetings("board")->front().ended_ms == 99);
    CHECK(store->calls({})->front().left_ms == 99);
}

TEMPLATE_TEST_CASE("What was written is there when the store is opened again", "", Sqlite,
                   Postgres) {
    const TestType database;
    write(*open(database), {event("a"), call("c-1")});

    auto again = open(database);

    CHECK(ids(*again->events({"board", 0, 10})) == Ids{"a"});
    CHECK(*again->calls({}) == std::vector{call("c-1")});
}

TEMPLATE_TEST_CASE("A transaction is taken whole or not at all", "", Sqlite, Postgres) {
    const TestType database;
    auto connection = database.connect();
    REQUIRE(migrate(*connection));
    const std::vector<SqlStatement> statements{
        {"INSERT INTO tessera_schema (version) VALUES ($1)", {std::int64_t{77}}},
        {"INSERT INTO no_such_table (a) VALUES (1)"}};

    const auto outcome = connection->transact(statements);

    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == ErrorCode::InvalidArgument);
    CHECK(connection->query({"SELECT version FROM tessera_schema"})->size() ==
          static_cast<std::size_t>(newest_schema_version()));
    CHECK(connection->transact(std::vector<SqlStatement>{
        {"INSERT INTO tessera_schema (version) VALUES ($1)", {std::int64_t{78}}}}));
}

TEMPLATE_TEST_CASE("Values of every kind come back as they were", "", Sqlite, Postgres) {
    const TestType database;
    auto connection = database.connect();
    REQUIRE(connection->transact(std::vector<SqlStatement>{
        {"CREATE TABLE t (a BIGINT, b DOUBLE PRECISION, c TEXT, d TEXT)"}}));
    const SqlRow row{std::int64_t{-9'000'000'000'000'000'000}, 0.1, std::string("\xe2\x82\xac'\""),
                     std::monostate()};

    REQUIRE(connection->transact(
        std::vector<SqlStatement>{{"INSERT INTO t (a, b, c, d) VALUES ($1, $2, $3, $4)", row}}));

    CHECK(*connection->query({"SELECT a, b, c, d FROM t"}) == std::vector<SqlRow>{row});
}

TEMPLATE_TEST_CASE("A database of a newer version is refused by name and number, and not touched",
                   "", Sqlite, Postgres) {
    const TestType database;
    static_cast<void>(open(database));
    auto connection = database.connect();
    REQUIRE(connection->transact(std::vector<SqlStatement>{
        {"INSERT INTO tessera_schema (version) VALUES ($1)", {std::int64_t{99}}}}));

    const auto opened = open_sql_store(database.connect());

    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::Unsupported);
    CHECK(opened.error().message.find("is of version 99") != std::string::npos);
    CHECK(opened.error().message.find("up to " + std::to_string(newest_schema_version())) !=
          std::string::npos);
}

TEMPLATE_TEST_CASE("Text that is no UTF-8, or has zero bytes, is taken as far as it is", "", Sqlite,
                   Postgres) {
    const TestType database;
    auto store = open(database);
    CallRecord odd = call("c-1");
    odd.user_agent = std::string("a\0b\xff", 4);

    write(*store, {odd});

    CHECK(store->calls({})->front().user_agent ==
          "a\xef\xbf\xbd"
          "b\xef\xbf\xbd");
}

TEMPLATE_TEST_CASE("As many records as a batch has are written at once", "", Sqlite, Postgres) {
    const TestType database;
    auto store = open(database);
    std::vector<Record> records;
    for (int i = 0; i < 256; ++i) {
        EventRecord large = event(std::to_string(i));
        large.detail = "{\"text\":\"" + std::string(4000, 'x') + "\"}";
        records.emplace_back(large);
    }

    write(*store, records);

    CHECK(store->events({"board", 0, 1000})->size() == 256);
}

#include "storage/metadata/record_pump.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>

#include "storage/metadata/sql_metadata_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/postgres_server.h"
#include "tests/unit/storage/metadata/database_folder.h"

using namespace storage;
using namespace std::chrono_literals;

namespace {

Record event(const std::string& id) {
    EventRecord event;
    event.id = id;
    event.room = "board";
    event.detail = "{}";
    return event;
}

std::unique_ptr<RecordSpool> spool_in(const tests::DatabaseFolder& folder) {
    auto spool = RecordSpool::open(folder.file("spool"));
    REQUIRE(spool);
    return *std::move(spool);
}

std::unique_ptr<MetadataStore> store_at(const std::string& where) {
    auto store = open_metadata_store(where);
    INFO((store ? "" : store.error().message));
    REQUIRE(store);
    return *std::move(store);
}

using Ids = std::vector<std::string>;

Ids kept(MetadataStore& store) {
    Ids ids;
    const auto events = store.events({"board", 0, 100'000});
    REQUIRE(events);
    for (const EventRecord& each : *events) ids.push_back(each.id);
    return ids;
}

}  // namespace

TEST_CASE(
    "A PostgreSQL that is away for ten minutes gets each record once, in order, when it is back") {
    auto& server = tests::PostgresServer::shared();
    tests::DatabaseFolder folder;
    tests::FakeClock clock;
    const std::string url = server.make_database();
    auto store = store_at(url);
    RecordPump pump(*store, spool_in(folder));
    Ids expected;
    const auto happens = [&] {
        expected.push_back("e-" + std::to_string(expected.size()));
        pump.add(event(expected.back()));
        pump.work(clock.now());
    };
    happens();
    REQUIRE(pump.empty());

    server.kill();
    for (int second = 0; second < 600; ++second) {
        happens();
        REQUIRE(pump.in_memory() == 0);  // all is on the disk
        clock.advance(1s);
    }
    CHECK(pump.away());
    server.start();
    clock.advance(5s);
    happens();

    CHECK(pump.empty());
    CHECK_FALSE(pump.away());
    CHECK(kept(*store) == expected);
}

TEST_CASE("Records that a process left behind are written by the next one, and no second time") {
    auto& server = tests::PostgresServer::shared();
    tests::DatabaseFolder folder;
    tests::FakeClock clock;
    const std::string url = server.make_database();
    server.kill();
    {
        auto store = store_at(url);  // away at the start is no reason not to start
        RecordPump pump(*store, spool_in(folder));
        for (const char* id : {"a", "b", "c"}) pump.add(event(id));
        pump.work(clock.now());
        CHECK(pump.away());
    }
    server.start();
    // As if the process before had been killed when half of it was written.
    REQUIRE(store_at(url)->write(std::vector{event("a"), event("b")}));

    auto store = store_at(url);
    RecordPump pump(*store, spool_in(folder));
    pump.work(clock.now());

    CHECK(pump.empty());
    CHECK(kept(*store) == Ids{"a", "b", "c"});
}

TEST_CASE("The store that is away is tried after rests of 50 ms to 5 s, not at every record") {
    class Away final : public MetadataStore {
      public:
        common::Result<void> write(std::span<const Record>) override {
            ++tries;
            return common::fail(common::ErrorCode::Unavailable, "away");
        }
        common::Result<std::vector<EventRecord>> events(const EventQuery&) override { return {}; }
        common::Result<std::vector<CallRecord>> calls(const CallQuery&) override { return {}; }
        common::Result<std::vector<MeetingRecord>> meetings(const std::string&) override {
            return {};
        }
        int tries = 0;
    };
    Away store;
    tests::FakeClock clock;
    RecordPump pump(store, nullptr);
    for (int i = 0; i < 1000; ++i) {
        pump.add(event("x"));
        pump.work(clock.now());
    }
    CHECK(store.tries == 1);

    for (int ms = 0; ms < 60'000; ms += 10) {
        clock.advance(10ms);
        pump.work(clock.now());
    }

    CHECK(store.tries >= 15);
    CHECK(store.tries <= 25);
    CHECK(pump.next_try() - clock.now() <= 5s);
}

TEST_CASE(
    "A record that no store takes is dropped from the spool too, and the others are written") {
    tests::DatabaseFolder folder;
    tests::FakeClock clock;
    class Picky final : public MetadataStore {
      public:
        common::Result<void> write(std::span<const Record> records) override {
            if (away) return common::fail(common::ErrorCode::Unavailable, "away");
            for (const Record& record : records) {
                if (std::get<EventRecord>(record).id == "bad")
                    return common::fail(common::ErrorCode::InvalidArgument, "no");
            }
            for (const Record& record : records) taken.push_back(std::get<EventRecord>(record).id);
            return {};
        }
        common::Result<std::vector<EventRecord>> events(const EventQuery&) override { return {}; }
        common::Result<std::vector<CallRecord>> calls(const CallQuery&) override { return {}; }
        common::Result<std::vector<MeetingRecord>> meetings(const std::string&) override {
            return {};
        }
        bool away = true;
        Ids taken;
    };
    Picky store;
    RecordPump pump(store, spool_in(folder));
    for (const char* id : {"a", "bad", "b"}) pump.add(event(id));
    pump.work(clock.now());
    store.away = false;

    pump.work_at_once(clock.now());

    CHECK(store.taken == Ids{"a", "b"});
    CHECK(pump.dropped() == 1);
    CHECK(pump.empty());
}

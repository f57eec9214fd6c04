#include "storage/metadata/record_keeper.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <set>

using namespace storage;
using common::ErrorCode;
using common::Result;

namespace {

/// What a store was told, and whether it takes it; outlives the store.
struct Shelf {
    std::vector<std::string> ids;  ///< of events, in order
    std::set<std::string> refused;
    int away_for = 0;  ///< so many calls fail from now on
    bool gone = false;
    std::promise<void>* first_call = nullptr;
    std::shared_future<void> hold;  ///< the first call waits for it
};

class FakeStore final : public MetadataStore {
  public:
    explicit FakeStore(Shelf& shelf) : shelf_(shelf) {}
    Result<void> write(std::span<const Record> records) override {
        if (shelf_.first_call != nullptr) {
            std::exchange(shelf_.first_call, nullptr)->set_value();
            shelf_.hold.wait();
        }
        if (shelf_.gone || shelf_.away_for > 0) {
            --shelf_.away_for;
            return common::fail(ErrorCode::Unavailable, "away");
        }
        for (const Record& record : records) {
            if (shelf_.refused.contains(std::get<EventRecord>(record).id))
                return common::fail(ErrorCode::InvalidArgument, "no such record");
        }
        for (const Record& record : records) {
            shelf_.ids.push_back(std::get<EventRecord>(record).id);
        }
        return {};
    }
    Result<std::vector<EventRecord>> events(const EventQuery&) override {
        std::vector<EventRecord> all;
        for (const std::string& id : shelf_.ids) {
            all.emplace_back();
            all.back().id = id;
        }
        return all;
    }
    Result<std::vector<CallRecord>> calls(const CallQuery&) override {
        return common::fail(ErrorCode::Unavailable, "calls are away");
    }
    Result<std::vector<MeetingRecord>> meetings(const std::string&) override {
        return std::vector<MeetingRecord>();
    }

  private:
    Shelf& shelf_;
};

EventRecord event(const std::string& id) {
    EventRecord event;
    event.id = id;
    return event;
}

RecordKeeper::Post at_once() {
    return [](const std::function<void()>& work) { work(); };
}

/// What stands on the shelf once all that was written before is done with.
std::vector<std::string> kept(RecordKeeper& keeper) {
    std::promise<std::vector<std::string>> answer;
    keeper.events({}, [&answer](const Result<std::vector<EventRecord>>& events) {
        std::vector<std::string> ids;
        for (const EventRecord& each : *events) ids.push_back(each.id);
        answer.set_value(ids);
    });
    return answer.get_future().get();
}

using Ids = std::vector<std::string>;
const common::MonotonicClock kClock;

}  // namespace

TEST_CASE("Records are written in the order in which they came") {
    Shelf shelf;
    RecordKeeper keeper(std::make_unique<FakeStore>(shelf), nullptr, kClock, at_once());
    Ids expected;
    for (int i = 0; i < 1000; ++i) {
        expected.push_back(std::to_string(i));
        keeper.write(event(expected.back()));
    }

    CHECK(kept(keeper) == expected);
    CHECK(keeper.written() == 1000);
}

TEST_CASE("Who writes does not wait for a store that stands still") {
    Shelf shelf;
    std::promise<void> called, released;
    shelf.first_call = &called;
    shelf.hold = released.get_future().share();
    RecordKeeper keeper(std::make_unique<FakeStore>(shelf), nullptr, kClock, at_once());
    keeper.write(event("a"));
    called.get_future().wait();

    keeper.write(event("b"));

    CHECK(keeper.written() == 0);
    released.set_value();
    CHECK(kept(keeper) == Ids{"a", "b"});
}

TEST_CASE("A store that was away gets everything once it is back, in order") {
    Shelf shelf;
    shelf.away_for = 2;
    {
        RecordKeeper keeper(std::make_unique<FakeStore>(shelf), nullptr, kClock, at_once());
        for (const char* id : {"a", "b", "c"}) keeper.write(event(id));
        while (keeper.written() < 3) static_cast<void>(kept(keeper));
        CHECK_FALSE(keeper.away());
    }

    CHECK(shelf.ids == Ids{"a", "b", "c"});
}

TEST_CASE("A record that is never taken is dropped alone and counted") {
    Shelf shelf;
    shelf.refused = {"bad"};
    RecordKeeper keeper(std::make_unique<FakeStore>(shelf), nullptr, kClock, at_once());
    for (const char* id : {"a", "bad", "b"}) keeper.write(event(id));

    CHECK(kept(keeper) == Ids{"a", "b"});
    CHECK(keeper.dropped() == 1);
}

TEST_CASE("All that waits is written at the end") {
    Shelf shelf;
    std::promise<void> called, released;
    shelf.first_call = &called;
    shelf.hold = released.get_future().share();
    {
        RecordKeeper keeper(std::make_unique<FakeStore>(shelf), nullptr, kClock, at_once());
        keeper.write(event("a"));
        called.get_future().wait();
        for (int i = 0; i < 600; ++i) keeper.write(event("later"));
        released.set_value();
    }

    CHECK(shelf.ids.size() == 601);
}

TEST_CASE("The end does not wait for a store that is away") {
    Shelf shelf;
    shelf.gone = true;
    {
        RecordKeeper keeper(std::make_unique<FakeStore>(shelf), nullptr, kClock, at_once());
        for (int i = 0; i < 600; ++i) keeper.write(event("x"));
    }

    CHECK(shelf.ids.empty());
}

TEST_CASE("An answer that is a failure comes too") {
    Shelf shelf;
    RecordKeeper keeper(std::make_unique<FakeStore>(shelf), nullptr, kClock, at_once());
    std::promise<std::string> answer;

    keeper.calls({}, [&answer](const auto& calls) { answer.set_value(calls.error().message); });

    CHECK(answer.get_future().get() == "calls are away");
}

TEST_CASE("Beyond the most that may wait, records are dropped and counted") {
    Shelf shelf;
    std::promise<void> called, released;
    shelf.first_call = &called;
    shelf.hold = released.get_future().share();
    RecordKeeper keeper(std::make_unique<FakeStore>(shelf), nullptr, kClock, at_once());
    keeper.write(event("a"));
    called.get_future().wait();

    for (std::size_t i = 0; i < RecordPump::kMostInMemory + 5; ++i) keeper.write(event("b"));

    CHECK(keeper.dropped() == 5);
    released.set_value();
}

#include "common/published.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

using common::Published;
using Table = std::vector<std::string>;

TEST_CASE("A reader sees the newest table, and the first is empty") {
    Published<Table> published;
    CHECK((*Published<Table>::Reading(published)).empty());
    published.publish({"a", "b"});
    CHECK((*Published<Table>::Reading(published)).size() == 2);
}

TEST_CASE("Who publishes waits for a reader of the table before") {
    Published<Table> published;
    published.publish({"before"});
    std::atomic<bool> done{false};
    std::jthread writer;
    {
        const Published<Table>::Reading reading(published);
        writer = std::jthread([&] {
            published.publish({"after"});
            done = true;
        });
        for (int i = 0; i < 100; ++i) std::this_thread::yield();
        CHECK((*reading)[0] == "before");
        CHECK_FALSE(done);
    }
    writer.join();
    CHECK((*Published<Table>::Reading(published))[0] == "after");
}

TEST_CASE("Tables replaced while they are read are read whole") {
    Published<Table> published;
    std::atomic<bool> stop{false};
    std::jthread writer([&] {
        for (std::size_t i = 1; i < 300; ++i) published.publish(Table(i % 7, std::to_string(i)));
        stop = true;
    });
    bool whole = true;
    while (!stop) {
        const Published<Table>::Reading reading(published);
        for (const std::string& each : *reading) whole = whole && each == (*reading)[0];
    }
    CHECK(whole);
}

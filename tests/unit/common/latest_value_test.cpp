#include "common/latest_value.h"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>

TEST_CASE("Only the newest value is taken, once, and what it replaced is told") {
    common::LatestValue<std::unique_ptr<int>> value;
    CHECK_FALSE(value.take());
    CHECK(value.put(std::make_unique<int>(1)));
    CHECK(**value.take() == 1);
    CHECK_FALSE(value.take());

    CHECK(value.put(std::make_unique<int>(2)));
    CHECK_FALSE(value.put(std::make_unique<int>(3)));
    CHECK_FALSE(value.put(std::make_unique<int>(4)));
    CHECK(**value.take() == 4);
    CHECK_FALSE(value.take());
}

TEST_CASE("A value that was taken or replaced is held no more") {
    common::LatestValue<std::shared_ptr<int>> value;
    const auto first = std::make_shared<int>(1);
    const auto second = std::make_shared<int>(2);
    value.put(first);
    value.put(second);
    CHECK(first.use_count() == 1);
    (void)value.take();
    CHECK(second.use_count() == 1);
}

TEST_CASE("Between two threads values come whole and ever newer, and the last one comes") {
    constexpr int kValues = 20'000;
    common::LatestValue<std::unique_ptr<int>> value;
    std::jthread putter([&] {
        for (int i = 1; i <= kValues; ++i) value.put(std::make_unique<int>(i));
    });
    int newest = 0;
    bool newer = true;
    while (newer && newest < kValues) {
        if (const auto taken = value.take())
            newer = **taken > std::exchange(newest, **taken);
        else
            std::this_thread::yield();
    }
    CHECK(newer);
}

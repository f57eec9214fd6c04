#include "mcu/control/snapshot_encoder.h"

#include <catch2/catch.hpp>
#include <optional>

#include "mixer/video/frame_pool.h"
#include "tests/support/manual_executor.h"

using mcu::SnapshotEncoder;
using Png = common::Result<std::vector<std::uint8_t>>;

namespace {

mixer::FrameRef grey(mixer::FramePool& pool) {
    return std::move(pool.acquire({64, 36})).publish();
}

}  // namespace

TEST_CASE("A snapshot is compressed on the executor, not by whoever asks") {
    mixer::FramePool pool(1 << 20);
    tests::ManualExecutor executor;
    SnapshotEncoder encoder(executor);
    std::optional<Png> png;

    REQUIRE(encoder.encode(grey(pool), [&](Png made) { png = std::move(made); }));
    CHECK_FALSE(png);
    executor.run_all();

    REQUIRE(png);
    REQUIRE(*png);
    CHECK((**png)[1] == 'P');
    CHECK(pool.bytes_in_use() == 0);
}

TEST_CASE("Snapshots are compressed one at a time, and the executor may do other work in between") {
    mixer::FramePool pool(1 << 20);
    tests::ManualExecutor executor;
    SnapshotEncoder encoder(executor);
    int made = 0;
    for (int i = 0; i < 3; ++i) REQUIRE(encoder.encode(grey(pool), [&](const Png&) { ++made; }));

    for (int i = 1; i <= 3; ++i) {
        REQUIRE(executor.run_one());
        CHECK(made == i);
    }
}

TEST_CASE("Beyond sixteen that wait a snapshot is refused") {
    mixer::FramePool pool(1 << 20);
    tests::ManualExecutor executor;
    SnapshotEncoder encoder(executor);
    int made = 0;
    const auto count = [&](const Png&) { ++made; };
    for (std::size_t i = 0; i < SnapshotEncoder::kMostWaiting; ++i)
        REQUIRE(encoder.encode(grey(pool), count));

    CHECK_FALSE(encoder.encode(grey(pool), count));
    executor.run_all();
    CHECK(made == 16);
    CHECK(encoder.encode(grey(pool), count));
    executor.run_all();
}

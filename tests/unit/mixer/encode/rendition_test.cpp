#include "mixer/encode/rendition.h"

#include <catch2/catch.hpp>

#include "tests/support/manual_executor.h"
#include "tests/unit/mixer/encode/encoding_room.h"

using namespace std::chrono_literals;

TEST_CASE(
    "An encoder that is refused is tried again ever more seldom, and no less than every 30 s") {
    tests::ManualExecutor executor;
    mixer::StageCounters counters;
    tests::FakeClock clock;
    mixer::SplicePool splice_pool(counters, clock);
    mixer::FramePool pool{16u << 20};
    // libx264 takes no more than 16384.
    const mixer::StreamFormat impossible{.size = {20000, 180}};
    mixer::Rendition rendition(1, impossible, common::Bitrate::from_kbps(80), executor, splice_pool,
                               counters);
    tests::RecordingSink sink;
    auto viewer = std::make_shared<mixer::Subscriber>(sink);
    viewer->assign(1);
    rendition.add(viewer, 0);
    tests::MovingPeople people({320, 180}, 4);
    std::vector<common::Duration> tries;
    const common::Timestamp start = clock.now();

    for (int tick = 0; tick < 30 * 130; ++tick) {
        clock.advance(tests::EncodingRoom::kTick);
        const std::uint64_t before = counters.encoders_refused;
        rendition.offer(people.paint(pool, 0, clock.now()), clock.now());
        executor.run_all();
        if (counters.encoders_refused != before) tries.push_back(clock.now() - start);
    }

    CHECK(rendition.refused());
    CHECK(sink.pictures.empty());
    REQUIRE(tries.size() == 9);  // at 0, 1, 3, 7, 15, 31, 61, 91 and 121 s
    for (std::size_t i = 2; i < tries.size(); ++i) {
        CHECK(tries[i] - tries[i - 1] >= tries[i - 1] - tries[i - 2]);
        CHECK(tries[i] - tries[i - 1] < 31s);
    }
    viewer->detach();
}

#include "mcu/bridge/bridge_video.h"

#include <catch2/catch.hpp>

#include "tests/support/allocation_counter.h"
#include "tests/support/fake_clock.h"
#include "tests/support/manual_executor.h"

using common::PictureSize;
using common::SourceId;
using mcu::BridgeVideo;
using mcu::VideoPlan;

namespace {

constexpr PictureSize kSize{320, 180};

struct Room {
    tests::FakeClock clock;
    tests::ManualExecutor executor;
    mixer::FramePool frames{std::size_t{64} << 20};
    mixer::EncoderStage stage{{}, executor, clock};
    mixer::SceneBuilder scenes{frames};
    BridgeVideo video{frames, stage};
    mixer::VideoPlayout playout;

    std::shared_ptr<const mixer::Scene> scene_of(SourceId source, PictureSize size = kSize) {
        mixer::LayoutPlan plan;
        mixer::Tile tile;
        tile.rect = {0, 0, 1, 1};
        tile.source = source;
        plan.tiles.push_back(tile);
        return scenes.build(plan, size);
    }
    void push_grey(std::uint8_t luma) {
        mixer::FrameWriter frame = frames.acquire(kSize);
        for (int row = 0; row < kSize.height; ++row) {
            std::fill_n(frame->writable_y() + row * frame->stride_y(), kSize.width, luma);
        }
        for (int row = 0; row < kSize.height / 2; ++row) {
            std::fill_n(frame->writable_u() + row * frame->stride_uv(), kSize.width / 2,
                        std::uint8_t{128});
            std::fill_n(frame->writable_v() + row * frame->stride_uv(), kSize.width / 2,
                        std::uint8_t{128});
        }
        frame->set_media_time(clock.now());
        playout.push(std::move(frame).publish());
    }
    int luma_in_the_middle() {
        mixer::FrameRef drawn;
        REQUIRE(video.request_picture(scene_of(SourceId{1}),
                                      [&](mixer::FrameRef picture) { drawn = picture; }));
        video.tick(clock.now(), 1);
        REQUIRE(drawn);
        return drawn->y()[kSize.height / 2 * drawn->stride_y() + kSize.width / 2];
    }
};

}  // namespace

TEST_CASE("The tick draws the newest picture due of the published plan") {
    Room room;
    VideoPlan plan;
    plan.sources = {{SourceId{1}, &room.playout}};
    room.video.publish(plan);
    room.push_grey(60);
    room.push_grey(200);

    CHECK(room.luma_in_the_middle() == 200);
}

TEST_CASE("A plan is let go once the tick uses a newer one") {
    Room room;
    room.video.publish({});
    const std::uint64_t newest = room.video.publish({});
    CHECK(room.video.adopted_revision() < newest);

    room.video.tick(room.clock.now(), 1);

    CHECK(room.video.adopted_revision() == newest);
}

TEST_CASE("A source that left the plan is not looked at any more") {
    Room room;
    VideoPlan plan;
    plan.sources = {{SourceId{1}, &room.playout}};
    room.video.publish(plan);
    room.push_grey(200);
    room.video.publish({});

    CHECK(room.luma_in_the_middle() != 200);
}

TEST_CASE("Whoever waits for a picture is answered when the bridge goes, with an empty one") {
    int answers = 0;
    {
        Room room;
        REQUIRE(
            room.video.request_picture(room.scene_of(SourceId{1}), [&](mixer::FrameRef picture) {
                ++answers;
                CHECK_FALSE(picture);
            }));
    }
    CHECK(answers == 1);
}

TEST_CASE("A fifth waiting request for a picture is refused") {
    Room room;
    for (int i = 0; i < 4; ++i)
        CHECK(room.video.request_picture(room.scene_of(SourceId{1}), [](auto) {}));

    CHECK_FALSE(room.video.request_picture(room.scene_of(SourceId{1}), [](auto) {}));
}

TEST_CASE("A steady video tick allocates nothing") {
    Room room;
    class Sink final : public mixer::PictureSink {
        void on_picture(const mixer::EncodedPictureRef&) override {}
    } sink;
    const mixer::ViewId view = room.stage.open_view();
    const auto subscription =
        room.stage.subscribe(view, {.max_bitrate = common::Bitrate::from_kbps(1000)}, sink);
    REQUIRE(subscription);
    VideoPlan plan;
    plan.sources = {{SourceId{1}, &room.playout}};
    for (const mixer::CanvasTask& task : room.stage.canvases()) {
        plan.drawings.push_back({task.canvas, 1, room.scene_of(SourceId{1}, task.size)});
    }
    room.video.publish(plan);
    const auto one_tick = [&] {
        room.clock.advance(std::chrono::milliseconds(33));
        room.push_grey(90);
        std::uint64_t allocations = 0;
        {
            const tests::AllocationCounter counter;
            room.video.tick(room.clock.now(), 2);
            allocations = counter.count();
        }
        room.executor.run_all();
        return allocations;
    };
    for (int i = 0; i < 30; ++i) one_tick();

    std::uint64_t allocations = 0;
    for (int i = 0; i < 100; ++i) allocations += one_tick();

    CHECK(allocations == 0);
    room.stage.unsubscribe(*subscription);
    room.stage.close_view(view);
}

TEST_CASE("A canvas is drawn in its slot alone, with what is due then") {
    Room room;
    class Sink final : public mixer::PictureSink {
      public:
        std::vector<common::Timestamp> times;

      private:
        void on_picture(const mixer::EncodedPictureRef& picture) override {
            times.push_back(picture->media_time);
        }
    } sink;
    const mixer::ViewId view = room.stage.open_view();
    const auto subscription =
        room.stage.subscribe(view, {.max_bitrate = common::Bitrate::from_kbps(1000)}, sink);
    REQUIRE(subscription);
    VideoPlan plan;
    plan.sources = {{SourceId{1}, &room.playout}};
    for (const mixer::CanvasTask& task : room.stage.canvases()) {
        plan.drawings.push_back({task.canvas, 1, room.scene_of(SourceId{1}, task.size), 3});
    }
    REQUIRE(plan.drawings.size() == 1);
    room.video.publish(plan);
    room.push_grey(90);
    const common::Timestamp now = room.clock.now();

    room.video.tick(now, 1);
    room.executor.run_all();
    CHECK(sink.times.empty());
    CHECK(room.video.slots() == 1U << 3);

    room.video.slot(now + std::chrono::milliseconds(6), 1, 3);
    room.executor.run_all();
    CHECK(sink.times == std::vector{now + std::chrono::milliseconds(6)});
    room.stage.unsubscribe(*subscription);
    room.stage.close_view(view);
}

TEST_CASE(
    "How late pictures are drawn is smoothed over half a second, and one late tick is no more") {
    Room room;
    for (int i = 0; i < 200; ++i) room.video.done(std::chrono::milliseconds(4));
    const auto usual = room.video.done_after();

    room.video.done(std::chrono::milliseconds(36));

    CHECK(usual > std::chrono::microseconds(3900));
    CHECK(usual <= std::chrono::milliseconds(4));
    CHECK(room.video.done_after() > usual);
    CHECK(room.video.done_after() <= usual + std::chrono::milliseconds(3));
}

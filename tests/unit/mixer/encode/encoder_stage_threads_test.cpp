#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "common/media_pool.h"
#include "mixer/encode/encoder_stage.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/fake_clock.h"
#include "tests/support/moving_people.h"

using common::Bitrate;
using mixer::StartReason;
using namespace std::chrono_literals;

namespace {

class CountingSink final : public mixer::PictureSink {
  public:
    void on_picture(const mixer::EncodedPictureRef& picture) override {
        if (first_is_key < 0) first_is_key = picture->key ? 1 : 0;
        if (picture->media_time <= last) out_of_order = true;
        last = picture->media_time;
        ++pictures;
    }
    std::atomic<int> pictures{0}, first_is_key{-1};
    std::atomic<bool> out_of_order{false};

  private:
    common::Timestamp last;
};

/// Waits for another thread's work, with a deadline.
template <typename Condition>
bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

struct LiveRoom {
    LiveRoom() { needs.max_size = {320, 180}; }
    [[nodiscard]] mixer::FrameRef canvas(int index) { return people.paint(frames, index, {}); }

    tests::FakeClock clock;
    common::MediaPool media_pool{2, clock};
    mixer::FramePool frames{64u << 20};
    tests::MovingPeople people{{320, 180}, 4};
    mixer::StreamNeeds needs;
    mixer::EncoderStage stage{{}, media_pool, clock};
};

}  // namespace

TEST_CASE("A steady conference allocates nothing on the tick") {
    CountingSink first, second;  // the last picture may come while the room ends
    LiveRoom room;
    const mixer::ViewId view = room.stage.open_view();
    REQUIRE(room.stage.subscribe(view, room.needs, first));
    room.needs.profile = common::H264Profile::High;
    REQUIRE(room.stage.subscribe(view, room.needs, second));
    const mixer::CanvasId canvas = room.stage.canvases().at(0).canvas;
    const mixer::FrameRef picture = room.canvas(0);

    const tests::AllocationCounter allocations;
    for (int i = 0; i < 100; ++i) {
        room.clock.advance(33ms);
        room.stage.encode(canvas, picture, room.clock.now());
    }
    const auto counted = allocations.count();

    CHECK(counted == 0);
    CHECK(eventually([&] {
        const auto done = room.stage.counters();
        return done.pictures_encoded + done.pictures_skipped == 200;
    }));
}

TEST_CASE(
    "Viewers come, move, ask and go while encodes run, and each sees time rise from a key picture "
    "on") {
    LiveRoom room;
    const mixer::ViewId views[] = {room.stage.open_view(), room.stage.open_view()};
    CountingSink steady[2];
    mixer::SubscriptionId steady_ids[2];
    for (int i = 0; i < 2; ++i)
        steady_ids[i] = *room.stage.subscribe(views[i], room.needs, steady[i]);
    const auto canvases = room.stage.canvases();
    std::atomic<bool> stop{false};
    std::thread tick([&] {
        mixer::FrameRef pictures[8];
        for (int i = 0; i < 8; ++i) pictures[i] = room.canvas(i * 3);
        for (int i = 0; !stop; ++i) {
            room.clock.advance(33ms);
            for (const auto& task : canvases)
                room.stage.encode(task.canvas, pictures[i % 8], room.clock.now());
        }
    });
    std::thread net([&] {
        while (!stop) {
            for (const auto id : steady_ids) room.stage.need_start(id, StartReason::PictureLoss);
            std::this_thread::yield();
        }
    });

    CountingSink guests[40];
    for (int i = 0; i < 40; ++i) {
        CountingSink& guest = guests[i];
        const auto id = *room.stage.subscribe(views[i % 2], room.needs, guest);
        if (i % 4 != 0) CHECK(eventually([&] { return guest.pictures >= 3; }));
        room.stage.move(id, views[(i + 1) % 2]);
        if (i % 3 != 0) CHECK(eventually([&] { return guest.pictures >= 10; }));
        if (i % 5 == 0) room.stage.set_budget(id, Bitrate::from_kbps(1));
        room.stage.unsubscribe(id);
        const int seen = guest.pictures;
        room.stage.tidy();
        CHECK(guest.pictures == seen);  // nothing after unsubscribe
    }
    stop = true;
    tick.join();
    net.join();
    // Encodes that began before may still go on, and sinks do not outlive this.
    for (const auto id : steady_ids) room.stage.unsubscribe(id);

    for (const CountingSink& guest : guests) {
        CHECK(guest.first_is_key != 0);
        CHECK_FALSE(guest.out_of_order);
    }
    for (const CountingSink& sink : steady) CHECK_FALSE(sink.out_of_order);
}

TEST_CASE("A stage may end while its encoders are at work") {
    for (int round = 0; round < 20; ++round) {
        CountingSink sink;
        LiveRoom room;
        REQUIRE(room.stage.subscribe(room.stage.open_view(), room.needs, sink));
        const mixer::CanvasId canvas = room.stage.canvases().at(0).canvas;
        const mixer::FrameRef picture = room.canvas(round);
        for (int i = 0; i <= round; ++i) {
            room.clock.advance(33ms);
            room.stage.encode(canvas, picture, room.clock.now());
        }
    }
    SUCCEED();
}

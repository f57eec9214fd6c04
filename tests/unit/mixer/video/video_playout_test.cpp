#include "mixer/video/video_playout.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "mixer/video/frame_pool.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/fake_clock.h"

using namespace common;
using mixer::FrameRef;

namespace {

struct Fixture {
    FrameRef due_in(Duration delay) {
        mixer::FrameWriter picture = pool.acquire({16, 16});
        picture->set_media_time(clock.now() + delay);
        return std::move(picture).publish();
    }
    std::size_t bytes_of(PictureSize size) {
        const std::size_t before = pool.bytes_in_use();
        const mixer::FrameWriter picture = pool.acquire(size);
        return pool.bytes_in_use() - before;
    }
    const mixer::VideoFrame* shown() { return playout.take_due(clock.now()).frame.get(); }

    mixer::FramePool pool{1 << 20};
    tests::FakeClock clock;
    mixer::VideoPlayout playout;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Nothing is shown before the first picture") {
    CHECK(shown() == nullptr);
}

TEST_CASE_METHOD(Fixture, "The newest picture due is shown, and those it overtook are counted") {
    playout.push(due_in(-20ms));
    playout.push(due_in(-10ms));
    const FrameRef newest = due_in(0ms);
    playout.push(newest);
    playout.push(due_in(10ms));

    CHECK(shown() == newest.get());
    CHECK(playout.skipped() == 2);
}

TEST_CASE_METHOD(Fixture, "A picture waits for its time, and the one before stays until then") {
    const FrameRef first = due_in(0ms);
    const FrameRef second = due_in(30ms);
    playout.push(first);
    playout.push(second);

    CHECK(shown() == first.get());
    clock.advance(29ms);
    CHECK(shown() == first.get());
    clock.advance(1ms);
    CHECK(shown() == second.get());
    CHECK(playout.skipped() == 0);
}

TEST_CASE_METHOD(Fixture, "The time of the last change tells how long a picture has stood still") {
    playout.push(due_in(0ms));
    const Timestamp taken = clock.now();
    shown();
    clock.advance(5s);

    CHECK(playout.take_due(clock.now()).last_change == taken);
}

TEST_CASE_METHOD(Fixture, "A picture from a broken sender clock, too far ahead, is shown at once") {
    const FrameRef far = due_in(501ms);
    playout.push(far);
    CHECK(shown() == far.get());
}

TEST_CASE_METHOD(Fixture,
                 "Pictures that have all their tiles wait without the whole, but for the newest") {
    std::vector<mixer::SourcePicture> pictures;
    for (const Duration delay : {0ms, 30ms, 60ms}) {
        pictures.push_back({due_in(delay), {}, true});
        pictures.back().fitted[0] = {{{8, 8}, mixer::Fit::Crop}, pool.acquire({8, 8}).publish()};
    }
    const FrameRef newest = pictures.back().whole;
    const FrameRef last_tile = pictures.back().fitted[0].picture;
    const std::size_t all_bytes = pool.bytes_in_use();
    for (mixer::SourcePicture& picture : pictures) playout.push(std::move(picture));
    pictures.clear();

    const std::size_t spared = all_bytes - pool.bytes_in_use();
    CHECK(spared == 2 * bytes_of({16, 16}));
    CHECK(shown() == newest.get());
    clock.advance(60ms);
    const auto& due = playout.take_due(clock.now());
    CHECK(due.frame.get() == newest.get());
    CHECK(due.fitted[0].picture.get() == last_tile.get());
}

TEST_CASE_METHOD(Fixture, "The newest whole picture is shown neither early nor after forget") {
    mixer::SourcePicture early{due_in(30ms), {}, true};
    playout.push(std::move(early));
    CHECK(shown() == nullptr);
    clock.advance(30ms);
    CHECK(shown() != nullptr);
    playout.forget();
    CHECK(shown() == nullptr);
    CHECK(pool.bytes_in_use() == 0);
}

TEST_CASE_METHOD(Fixture, "A ninth waiting picture is dropped, and the next is taken again") {
    for (int i = 0; i < 8; ++i) playout.push(due_in(0ms));
    const FrameRef eighth = due_in(0ms);
    for (int i = 0; i < 3; ++i) playout.push(due_in(0ms));
    CHECK(shown() != nullptr);
    CHECK(playout.skipped() == 7 + 3);

    playout.push(eighth);
    CHECK(shown() == eighth.get());
}

TEST_CASE_METHOD(Fixture, "A source told to forget shows nothing until a newer picture comes") {
    playout.push(due_in(0ms));
    playout.push(due_in(30ms));
    shown();
    playout.push(due_in(20ms));

    playout.forget();
    clock.advance(1s);
    CHECK(shown() == nullptr);

    const FrameRef newer = due_in(0ms);
    playout.push(newer);
    CHECK(shown() == newer.get());
}

TEST_CASE_METHOD(Fixture, "A picture pushed right after forget is shown") {
    playout.push(due_in(0ms));
    playout.forget();
    const FrameRef newer = due_in(0ms);
    playout.push(newer);
    CHECK(shown() == newer.get());
}

TEST_CASE_METHOD(Fixture, "All pictures come back to the pool") {
    for (int i = 0; i < 20; ++i) playout.push(due_in(0ms));
    shown();
    playout.forget();
    shown();
    CHECK(pool.bytes_in_use() == 0);
}

TEST_CASE_METHOD(Fixture, "Pushing and taking in a steady state allocates nothing") {
    playout.push(due_in(0ms));
    shown();
    playout.push(due_in(0ms));
    shown();

    const tests::AllocationCounter counter;
    for (int i = 0; i < 100; ++i) {
        playout.push(due_in(0ms));
        shown();
    }
    CHECK(counter.count() == 0);
}

TEST_CASE_METHOD(
    Fixture, "Pictures pushed on one thread while another takes and a third forgets stay whole") {
    std::thread pushing([this] {
        for (int i = 0; i < 5000; ++i) playout.push(due_in(0ms));
    });
    std::thread forgetting([this] {
        for (int i = 0; i < 200; ++i) playout.forget();
    });
    for (int i = 0; i < 5000; ++i) {
        const auto& due = playout.take_due(clock.now());
        if (due.frame) CHECK(due.frame->size() == PictureSize{16, 16});
    }
    pushing.join();
    forgetting.join();
}

#include "mixer/video/frame_pool.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/support/allocation_counter.h"

using common::PictureSize;
using mixer::FramePool;
using mixer::FrameRef;
using mixer::FrameWriter;

namespace {
constexpr PictureSize kTile{320, 180};
constexpr std::size_t kPlenty = 64 << 20;

bool is_aligned(const std::uint8_t* p) {
    return reinterpret_cast<std::uintptr_t>(p) % 64 == 0;
}
}  // namespace

TEST_CASE("Planes and strides of a pooled picture are 64-byte aligned at every size") {
    FramePool pool(kPlenty);
    const auto size = GENERATE(PictureSize{2, 2}, PictureSize{426, 240}, PictureSize{1920, 1088});

    const FrameWriter frame = pool.acquire(size);

    REQUIRE(frame);
    CHECK(frame->size() == size);
    CHECK(is_aligned(frame->y()));
    CHECK(is_aligned(frame->u()));
    CHECK(is_aligned(frame->v()));
    CHECK(frame->stride_y() % 64 == 0);
    CHECK(frame->stride_uv() % 64 == 0);
    CHECK(frame->stride_y() >= size.width);
    CHECK(frame->stride_uv() >= size.width / 2);
}

TEST_CASE("A picture's planes do not overlap and are writable to their last row") {
    FramePool pool(kPlenty);
    FrameWriter frame = pool.acquire(kTile);

    std::memset(frame->writable_y(), 1, static_cast<std::size_t>(frame->stride_y() * 180));
    std::memset(frame->writable_u(), 2, static_cast<std::size_t>(frame->stride_uv() * 90));
    std::memset(frame->writable_v(), 3, static_cast<std::size_t>(frame->stride_uv() * 90));

    CHECK(frame->y()[frame->stride_y() * 180 - 1] == 1);
    CHECK(frame->u()[frame->stride_uv() * 90 - 1] == 2);
    CHECK(frame->v()[0] == 3);
}

TEST_CASE("The last reference gives the buffer back, and it is used again under a new serial") {
    FramePool pool(kPlenty);
    FrameRef first = pool.acquire(kTile).publish();
    FrameRef second = first;
    const std::uint8_t* memory = first->y();
    const std::uint64_t serial = first->serial();

    first = {};
    CHECK(pool.bytes_in_use() > 0);
    second = {};
    CHECK(pool.bytes_in_use() == 0);
    const FrameRef again = pool.acquire(kTile).publish();

    CHECK(again->y() == memory);
    CHECK(again->serial() != serial);
}

TEST_CASE("A writer that is never published returns its picture") {
    FramePool pool(kPlenty);
    { const FrameWriter abandoned = pool.acquire(kTile); }
    CHECK(pool.bytes_in_use() == 0);
}

TEST_CASE("The pool refuses a picture beyond its byte limit, and serves again after a release") {
    FramePool pool(200'000);  // two pictures of 320x180 fit, three do not
    FrameRef first = pool.acquire(kTile).publish();
    const FrameRef second = pool.acquire(kTile).publish();

    CHECK_FALSE(pool.acquire(kTile));
    CHECK(pool.bytes_allocated() <= 200'000);
    first = {};
    CHECK(pool.acquire(kTile));
}

TEST_CASE("Idle pictures of an old size make room for a new size") {
    FramePool pool(200'000);
    {
        const FrameRef first = pool.acquire(kTile).publish();
        const FrameRef second = pool.acquire(kTile).publish();
    }

    const FrameWriter other = pool.acquire({426, 240});

    CHECK(other);
    CHECK(pool.bytes_allocated() <= 200'000);
}

TEST_CASE("A peer that changes its size with every picture does not make the pool keep them all") {
    FramePool pool(kPlenty);
    const FrameWriter held = pool.acquire(kTile);

    for (int width = 2; width <= 1920; width += 2) {
        REQUIRE(pool.acquire({width, 2}));
        REQUIRE(pool.acquire({width, 4}));
    }

    CHECK(pool.bytes_allocated() < pool.bytes_in_use() + std::size_t{512} * 14'000);
    CHECK(held->size() == kTile);
}

TEST_CASE("Trim frees what nobody holds and leaves the rest") {
    FramePool pool(kPlenty);
    const FrameRef held = pool.acquire(kTile).publish();
    { const FrameRef idle = pool.acquire({640, 360}).publish(); }

    pool.trim();

    CHECK(pool.bytes_allocated() == pool.bytes_in_use());
    CHECK(pool.bytes_in_use() > 0);
}

TEST_CASE("What a rush needed is freed when it was not needed for a while, and nothing else") {
    FramePool pool(kPlenty);
    const FrameRef held = pool.acquire(kTile).publish();
    {
        const FrameRef one = pool.acquire(kTile).publish();
        const FrameRef two = pool.acquire(kTile).publish();
        const FrameRef three = pool.acquire(kTile).publish();
    }
    const std::size_t each = pool.bytes_in_use();

    pool.free_unneeded();  // the rush was since the last time
    CHECK(pool.bytes_allocated() == 4 * each);
    { const FrameRef usual = pool.acquire(kTile).publish(); }
    pool.free_unneeded();
    CHECK(pool.bytes_allocated() == 2 * each);
    pool.free_unneeded();
    CHECK(pool.bytes_allocated() == each);
}

TEST_CASE("What is in use now and then is not freed: ups and downs allocate nothing") {
    FramePool pool(kPlenty);
    for (int i = 0; i < 3; ++i) {
        {
            const FrameRef one = pool.acquire(kTile).publish();
            const FrameRef two = pool.acquire(kTile).publish();
        }
        pool.free_unneeded();
    }
    const tests::AllocationCounter counter;
    {
        const FrameRef one = pool.acquire(kTile).publish();
        const FrameRef two = pool.acquire(kTile).publish();
    }
    CHECK(counter.count() == 0);
}

TEST_CASE("A cropped picture returns to the list of the size it was acquired with") {
    FramePool pool(kPlenty);
    const std::uint8_t* memory = nullptr;
    {
        FrameWriter frame = pool.acquire({1920, 1088});
        frame->crop_to({1920, 1080});
        CHECK(frame->size() == PictureSize{1920, 1080});
        memory = frame->y();
    }
    CHECK(pool.acquire({1920, 1088})->y() == memory);
}

TEST_CASE("Acquiring and releasing in a steady state allocates nothing") {
    FramePool pool(kPlenty);
    { const FrameRef a = pool.acquire(kTile).publish(), b = pool.acquire(kTile).publish(); }

    const tests::AllocationCounter counter;
    for (int i = 0; i < 100; ++i) {
        const FrameRef a = pool.acquire(kTile).publish(), b = pool.acquire(kTile).publish();
    }

    CHECK(counter.count() == 0);
}

TEST_CASE("Pictures released on many threads all come back") {
    FramePool pool(kPlenty);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&pool] {
            for (int i = 0; i < 2000; ++i) {
                const FrameRef frame = pool.acquire(kTile).publish();
                const FrameRef shared = frame;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();

    CHECK(pool.bytes_in_use() == 0);
    CHECK(pool.bytes_allocated() <= 4 * 100'000);
}

#include "mixer/video/scaler.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "mixer/video/drawing.h"
#include "mixer/video/frame_pool.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/color_source.h"

using common::PictureSize;
using mixer::FramePool;
using mixer::FrameWriter;
using mixer::PixelRect;

namespace {

PixelRect whole(PictureSize size) {
    return {0, 0, size.width, size.height};
}

/// Something of everything: gradients, edges, and rings that grow finer towards the corner.
FrameWriter chart(FramePool& pool, PictureSize size) {
    FrameWriter picture = pool.acquire(size);
    mixer::fill(*picture, whole(size), {128, 100, 160});
    for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
            const double u = 1.0 * x / size.width;
            const double v = 1.0 * y / size.height;
            const double rings = std::sin(120 * (u * u + v * v));
            const double edge =
                (static_cast<int>(u * 9) + static_cast<int>(v * 5)) % 2 == 0 ? 20 : -20;
            picture->writable_y()[y * picture->stride_y() + x] =
                static_cast<std::uint8_t>(std::lround(125 + 40 * rings + edge + 20 * u));
        }
    }
    return picture;
}

/// What a pixel of the target covers of the source, averaged: slow, plain and right for
/// downscaling.
FrameWriter area_average(FramePool& pool, const mixer::VideoFrame& from, PictureSize size) {
    FrameWriter to = pool.acquire(size);
    const double step_x = 1.0 * from.size().width / size.width;
    const double step_y = 1.0 * from.size().height / size.height;
    for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
            double sum = 0;
            double weight = 0;
            for (int sy = static_cast<int>(y * step_y);
                 sy < (y + 1) * step_y && sy < from.size().height; ++sy) {
                const double in_y =
                    std::min(sy + 1.0, (y + 1) * step_y) - std::max<double>(sy, y * step_y);
                for (int sx = static_cast<int>(x * step_x);
                     sx < (x + 1) * step_x && sx < from.size().width; ++sx) {
                    const double in_x =
                        std::min(sx + 1.0, (x + 1) * step_x) - std::max<double>(sx, x * step_x);
                    sum += in_x * in_y * from.y()[sy * from.stride_y() + sx];
                    weight += in_x * in_y;
                }
            }
            to->writable_y()[y * to->stride_y() + x] =
                static_cast<std::uint8_t>(std::lround(sum / weight));
        }
    }
    return to;
}

}  // namespace

TEST_CASE("Downscaling is close to the exact area average at every ratio of our layouts") {
    // 2:1 and 4:1 are exact box filters; between, the bilinear step costs a little sharpness.
    struct Case {
        PictureSize from, to;
        double least_db;
    };
    const auto c = GENERATE(Case{{1280, 720}, {640, 360}, 48}, Case{{1280, 720}, {320, 180}, 48},
                            Case{{1280, 720}, {426, 240}, 38}, Case{{1280, 720}, {1060, 596}, 38},
                            Case{{1920, 1080}, {640, 360}, 38}, Case{{1920, 1080}, {182, 102}, 33},
                            Case{{640, 360}, {90, 50}, 33});
    FramePool pool(64 << 20);
    const FrameWriter source = chart(pool, c.from);
    FrameWriter scaled = pool.acquire(c.to);

    mixer::Scaler().scale(*source, whole(c.from), *scaled, whole(c.to));

    const double psnr = tests::luma_psnr(*scaled, *area_average(pool, *source, c.to));
    INFO(c.from.width << " -> " << c.to.width << ": " << psnr << " dB");
    CHECK(psnr >= c.least_db);
}

TEST_CASE("An even colour keeps its exact value at any size, in all planes") {
    FramePool pool(64 << 20);
    const auto to = GENERATE(PictureSize{2, 2}, PictureSize{206, 112}, PictureSize{1918, 1078});
    FrameWriter source = pool.acquire({640, 360});
    mixer::fill(*source, whole({640, 360}), {81, 90, 240});
    FrameWriter scaled = pool.acquire(to);

    mixer::Scaler().scale(*source, whole({640, 360}), *scaled, whole(to));

    for (const int y : {0, to.height / 2, to.height - 1}) {
        for (const int x : {0, to.width / 2, to.width - 1}) {
            CHECK(int{scaled->y()[y * scaled->stride_y() + x]} == 81);
            CHECK(int{scaled->u()[y / 2 * scaled->stride_uv() + x / 2]} == 90);
            CHECK(int{scaled->v()[y / 2 * scaled->stride_uv() + x / 2]} == 240);
        }
    }
}

TEST_CASE("Scaling to the same size copies bit by bit") {
    FramePool pool(64 << 20);
    const FrameWriter source = chart(pool, {320, 180});
    FrameWriter copy = pool.acquire({320, 180});
    mixer::Scaler().scale(*source, whole({320, 180}), *copy, whole({320, 180}));
    CHECK(tests::luma_psnr(*source, *copy) == 100);
}

TEST_CASE("Only the target rectangle is written") {
    FramePool pool(64 << 20);
    const FrameWriter source = chart(pool, {320, 180});
    FrameWriter canvas = pool.acquire({640, 360});
    mixer::fill(*canvas, whole({640, 360}), {235, 128, 128});

    mixer::Scaler().scale(*source, {16, 8, 200, 150}, *canvas, {100, 50, 80, 60});

    const auto luma = [&canvas](int x, int y) {
        return int{canvas->y()[y * canvas->stride_y() + x]};
    };
    CHECK(luma(99, 60) == 235);
    CHECK(luma(180, 60) == 235);
    CHECK(luma(120, 49) == 235);
    CHECK(luma(120, 110) == 235);
    CHECK(luma(100, 50) != 235);
    CHECK(luma(179, 109) != 235);
}

TEST_CASE("Scaling the same sizes again allocates nothing") {
    FramePool pool(64 << 20);
    const FrameWriter source = chart(pool, {1280, 720});
    FrameWriter scaled = pool.acquire({206, 116});
    mixer::Scaler scaler;
    scaler.scale(*source, whole({1280, 720}), *scaled, whole({206, 116}));

    const tests::AllocationCounter counter;
    scaler.scale(*source, whole({1280, 720}), *scaled, whole({206, 116}));
    CHECK(counter.count() == 0);
}

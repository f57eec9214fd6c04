#include "mixer/video/drawing.h"

#include <catch2/catch.hpp>
#include <random>

#include "mixer/video/frame_pool.h"

using mixer::CoverageMask;
using mixer::FrameWriter;
using mixer::PixelRect;
using mixer::TileShape;
using mixer::YuvColor;

namespace {

FrameWriter noise(mixer::FramePool& pool, common::PictureSize size, unsigned seed) {
    std::mt19937 random(seed);
    FrameWriter picture = pool.acquire(size);
    const auto fill = [&random](std::uint8_t* plane, int stride, int height) {
        for (int i = 0; i < stride * height; ++i) plane[i] = static_cast<std::uint8_t>(random());
    };
    fill(picture->writable_y(), picture->stride_y(), size.height);
    fill(picture->writable_u(), picture->stride_uv(), size.height / 2);
    fill(picture->writable_v(), picture->stride_uv(), size.height / 2);
    return picture;
}

int blended(int over, int on, int coverage) {
    return (over * coverage + on * (255 - coverage) + 127) / 255;
}

}  // namespace

TEST_CASE("Primary colours have the codes of BT.709 in limited range") {
    CHECK(mixer::to_yuv(mixer::Color{255, 255, 255}) == YuvColor{235, 128, 128});
    CHECK(mixer::to_yuv(mixer::Color{0, 0, 0}) == YuvColor{16, 128, 128});
    CHECK(mixer::to_yuv(mixer::Color{255, 0, 0}) == YuvColor{63, 102, 240});
    CHECK(mixer::to_yuv(mixer::Color{0, 255, 0}) == YuvColor{173, 42, 26});
    CHECK(mixer::to_yuv(mixer::Color{0, 0, 255}) == YuvColor{32, 240, 118});
}

TEST_CASE("A corner mask is full inside, empty at the tip, and symmetric") {
    const TileShape shape(16, 4);
    const CoverageMask& mask = shape.corner[0];
    const auto at = [&mask](int x, int y) {
        return int{mask.full[static_cast<std::size_t>(y * 16 + x)]};
    };

    CHECK(at(0, 0) == 0);
    CHECK(at(15, 15) == 255);
    CHECK(at(15, 1) == 255);
    for (int y = 0; y < 16; ++y) {
        for (int x = 0; x < 16; ++x) CHECK(at(x, y) == at(y, x));
    }
}

TEST_CASE("The four corners mirror each other") {
    const TileShape shape(10, 2);
    for (int y = 0; y < 10; ++y) {
        for (int x = 0; x < 10; ++x) {
            const auto at = [](int column, int row) {
                return static_cast<std::size_t>(row * 10 + column);
            };
            CHECK(shape.corner[0].full[at(x, y)] == shape.corner[1].full[at(9 - x, y)]);
            CHECK(shape.corner[0].full[at(x, y)] == shape.corner[2].full[at(x, 9 - y)]);
            CHECK(shape.ring_corner[0].full[at(x, y)] ==
                  shape.ring_corner[3].full[at(9 - x, 9 - y)]);
        }
    }
}

TEST_CASE("A label is blended as plain arithmetic says, at any coverage and colour") {
    mixer::FramePool pool(1 << 20);
    std::mt19937 random(11);
    mixer::LabelBitmap label;
    label.rect = {6, 10, 46, 22};
    label.coverage = CoverageMask(46, 22);
    for (auto& c : label.coverage.full) c = static_cast<std::uint8_t>(random());
    label.coverage.average_down();
    label.y.resize(46 * 22);
    label.u.resize(23 * 11);
    label.v.resize(23 * 11);
    for (auto* plane : {&label.y, &label.u, &label.v}) {
        for (auto& sample : *plane) sample = static_cast<std::uint8_t>(random());
    }
    const FrameWriter before = noise(pool, {96, 64}, 5);
    FrameWriter after = noise(pool, {96, 64}, 5);

    mixer::paint_label(*after, 20, 14, label);

    int worst = 0;
    for (int y = 0; y < 64; ++y) {
        for (int x = 0; x < 96; ++x) {
            const int i = x - 26;
            const int j = y - 24;
            const bool inside = i >= 0 && i < 46 && j >= 0 && j < 22;
            const int on = before->y()[y * before->stride_y() + x];
            const auto index = static_cast<std::size_t>(inside ? j * 46 + i : 0);
            const int expected =
                inside ? blended(label.y[index], on, label.coverage.full[index]) : on;
            worst = std::max(worst, std::abs(expected - after->y()[y * after->stride_y() + x]));
        }
    }
    CHECK(worst <= 1);  // libyuv rounds up, and divides by 256
    const int chroma_on = before->u()[12 * before->stride_uv() + 13];
    CHECK(int{after->u()[12 * after->stride_uv() + 13]} ==
          Approx(blended(label.u[0], chroma_on, label.coverage.half[0])).margin(1));
}

TEST_CASE("Square tiles are copied bit by bit, and only there") {
    mixer::FramePool pool(1 << 20);
    const FrameWriter tile = noise(pool, {32, 20}, 1);
    FrameWriter canvas = pool.acquire({64, 48});
    mixer::fill(*canvas, {0, 0, 64, 48}, {50, 60, 70});

    mixer::paint(*canvas, {10, 8, 32, 20}, *tile, nullptr);

    for (int y = 0; y < 48; ++y) {
        for (int x = 0; x < 64; ++x) {
            const bool inside = x >= 10 && x < 42 && y >= 8 && y < 28;
            const int expected = inside ? tile->y()[(y - 8) * tile->stride_y() + x - 10] : 50;
            CHECK(int{canvas->y()[y * canvas->stride_y() + x]} == expected);
        }
    }
}

TEST_CASE("Dimming keeps black black, darkens the rest and takes half the colour") {
    mixer::FramePool pool(1 << 20);
    FrameWriter picture = pool.acquire({4, 4});
    mixer::fill(*picture, {0, 0, 4, 4}, {235, 200, 60});
    picture->writable_y()[0] = 16;
    picture->writable_y()[1] = 0;

    mixer::dim(*picture);

    CHECK(int{picture->y()[0]} == 16);
    CHECK(int{picture->y()[1]} == 16);
    CHECK(int{picture->y()[2]} == 111);
    CHECK(int{picture->u()[0]} == 164);
    CHECK(int{picture->v()[0]} == 94);
}

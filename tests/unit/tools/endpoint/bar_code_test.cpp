#include "tools/endpoint/bar_code.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "mixer/video/frame_pool.h"
#include "mixer/video/scaler.h"
#include "tools/endpoint/av_video.h"
#include "tools/endpoint/clip_painter.h"

namespace {

using endpoint::BarCode;

mixer::FrameRef painted(mixer::FramePool& pool, std::uint32_t who, std::uint32_t number,
                        common::PictureSize size = {1280, 720}) {
    const endpoint::ClipPainter painter(who, size);
    mixer::FrameWriter picture = pool.acquire(size);
    painter.paint(number, 300, *picture);
    return std::move(picture).publish();
}

std::vector<endpoint::FoundCode> read(const mixer::FrameRef& picture) {
    return endpoint::find_bar_codes(
        {picture->y(), picture->stride_y(), picture->size().width, picture->size().height},
        16.0 / 9);
}

TEST_CASE("A bar code says who and which picture, and where the picture lies") {
    mixer::FramePool pool(64U << 20U);

    for (const auto& [who, number] : {std::pair{0U, 0U}, {3U, 299U}, {63U, 65535U}, {21U, 4660U}}) {
        const auto found = read(painted(pool, who, number));

        REQUIRE(found.size() == 1);
        CHECK(found[0].code == BarCode{who, number});
        CHECK(std::abs(found[0].frame.left) < 2);
        CHECK(std::abs(found[0].frame.top) < 4);
        CHECK(std::abs(found[0].frame.width - 1280) < 4);
    }
}

TEST_CASE("Bar codes of nine tiles are found wherever they lie") {
    mixer::FramePool pool(64U << 20U);
    mixer::Scaler scaler;
    mixer::FrameWriter canvas = pool.acquire({1280, 720});
    std::fill_n(canvas->writable_y(), static_cast<std::ptrdiff_t>(canvas->stride_y()) * 720,
                std::uint8_t{30});
    for (int i = 0; i < 9; ++i) {
        const auto tile = painted(pool, static_cast<std::uint32_t>(i + 1), 100);
        scaler.scale(*tile, {0, 0, 1280, 720}, *canvas,
                     {4 + i % 3 * 426, 4 + i / 3 * 240, 420, 236});
    }

    const auto found = read(std::move(canvas).publish());

    REQUIRE(found.size() == 9);
    std::set<std::uint32_t> who;
    for (const auto& code : found) {
        who.insert(code.code.who);
        const int i = static_cast<int>(code.code.who) - 1;
        CHECK(code.code.frame == 100);
        CHECK(std::abs(code.frame.left - (4 + i % 3 * 426)) < 2);
        CHECK(std::abs(code.frame.top - (4 + i / 3 * 240)) < 2);
        CHECK(std::abs(code.frame.width - 420) < 2);
    }
    CHECK(who.size() == 9);
}

TEST_CASE("Bar codes survive a 256x144 tile at 80 kbit/s") {
    mixer::FramePool pool(64U << 20U);
    mixer::Scaler scaler;
    const endpoint::ClipPainter painter(37, {1280, 720});
    auto encoder = endpoint::AvVideoEncoder::create({{256, 144}, 30, 80, 3000, 0});
    REQUIRE(encoder);
    endpoint::AvVideoDecoder decoder(pool);
    int read_right = 0, read_wrong = 0;

    for (std::uint32_t number = 0; number < 300; ++number) {
        mixer::FrameWriter large = pool.acquire({1280, 720});
        painter.paint(number, 300, *large);
        mixer::FrameWriter small = pool.acquire({256, 144});
        scaler.scale(*large, {0, 0, 1280, 720}, *small, {0, 0, 256, 144});
        const auto coded = (*encoder)->encode(*small);
        REQUIRE(coded);
        for (const auto& found : read(decoder.decode(coded->bytes))) {
            (found.code == BarCode{37, number} ? read_right : read_wrong) += 1;
        }
    }

    CHECK(read_right >= 297);
    CHECK(read_wrong == 0);
}

TEST_CASE("A picture without a bar code shows none") {
    mixer::FramePool pool(64U << 20U);
    mixer::FrameWriter picture = pool.acquire({1280, 720});
    std::uint32_t state = 1;
    for (int y = 0; y < 720; ++y) {
        for (int x = 0; x < 1280; ++x) {
            state = state * 1664525 + 1013904223;
            const bool bright = x / 20 % 2 == 0;  // regular stripes: timing rows everywhere
            picture->writable_y()[y * picture->stride_y() + x] =
                static_cast<std::uint8_t>((bright ? 190 : 40) + (state >> 27));
        }
    }

    CHECK(read(std::move(picture).publish()).empty());
}

}  // namespace

#include "mixer/video/tile_fitter.h"

#include <catch2/catch.hpp>

#include "tests/support/color_source.h"
#include "tests/support/moving_people.h"

using common::PictureSize;
using mixer::Fit;
using mixer::FrameRef;
using mixer::FrameWriter;
using mixer::TileFitter;
using mixer::TileNeed;

namespace {

struct Fixture {
    explicit Fixture(PictureSize size = {1280, 720})
        : picture(tests::MovingPeople(size, 1).paint(pool, 0, {})) {
        FrameWriter made = pool.acquire({size.width / 2, size.height / 2});
        mixer::halve_rows(*picture, 0, size.height, *made);
        half = std::move(made).publish();
    }
    mixer::FramePool pool{64U << 20};
    FrameRef picture, half;
    TileFitter fitter{pool};
};

}  // namespace

TEST_CASE("A tile made of a picture's half looks like one made of the picture") {
    Fixture f;
    const auto size = GENERATE(PictureSize{640, 360}, PictureSize{424, 238}, PictureSize{318, 178},
                               PictureSize{212, 118}, PictureSize{158, 88}, PictureSize{240, 320});
    const TileNeed tile{size, GENERATE(Fit::Crop, Fit::Letterbox)};

    const FrameWriter fast = f.fitter.fit(*f.picture, tile, f.half.get());
    const FrameWriter slow = f.fitter.fit(*f.picture, tile);

    INFO(size.width << "x" << size.height << ": " << tests::luma_psnr(*fast, *slow) << " dB");
    CHECK(tests::luma_psnr(*fast, *slow) >= 50);  // of rounding twice
}

TEST_CASE("A tile larger than the half is made of the whole picture") {
    Fixture f;
    const TileNeed tile{{960, 540}, Fit::Crop};
    const FrameWriter with = f.fitter.fit(*f.picture, tile, f.half.get());
    const FrameWriter without = f.fitter.fit(*f.picture, tile);

    CHECK(tests::luma_psnr(*with, *without) == 100);
    CHECK_FALSE(TileFitter::begins_with_half({1280, 720}, tile));
    CHECK_FALSE(TileFitter::begins_with_half({1280, 720}, {{640, 480}, Fit::Crop}));
}

TEST_CASE("A half is of use for tiles of at most half the size, of pictures on fours") {
    const TileNeed tile{{318, 178}, Fit::Crop};
    CHECK(TileFitter::begins_with_half({1280, 720}, tile));
    CHECK(TileFitter::begins_with_half({640, 360}, tile));
    CHECK_FALSE(TileFitter::begins_with_half({642, 360}, tile));
    CHECK_FALSE(TileFitter::begins_with_half({0, 0}, tile));
}

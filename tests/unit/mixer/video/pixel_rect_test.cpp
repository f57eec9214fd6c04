#include "mixer/video/pixel_rect.h"

#include <catch2/catch.hpp>

using common::PictureSize;
using mixer::Fit;
using mixer::PixelRect;
using mixer::UnitRect;

TEST_CASE("A rectangle is rounded to even pixels inside the canvas") {
    const PixelRect rect = mixer::to_pixels({0.501, 0.333, 0.499, 0.667}, {638, 358});
    CHECK(rect.x % 2 == 0);
    CHECK(rect.y % 2 == 0);
    CHECK(rect.width % 2 == 0);
    CHECK(rect.height % 2 == 0);
    CHECK(rect.x + rect.width <= 638);
    CHECK(rect.y + rect.height <= 358);
}

TEST_CASE("The whole canvas stays whole, however its fraction was added up") {
    CHECK(mixer::to_pixels({0, 0, 1.0 / 3 * 3, 0.1 * 10}, {1280, 720}) ==
          PixelRect{0, 0, 1280, 720});
    CHECK(mixer::to_pixels({0, 0, 0.99999999, 1}, {1280, 720}) == PixelRect{0, 0, 1280, 720});
}

TEST_CASE("Equal fractions give equal sizes, and neighbours touch at most") {
    const int columns = GENERATE(1, 2, 3, 4, 5, 6, 7);
    const int width = GENERATE(320, 640, 854, 1280, 1920);
    const UnitRect unit{0, 0, 1.0 / columns, 1};
    const PixelRect first = mixer::to_pixels(unit, {width, 180});

    PixelRect before{-first.width, 0, first.width, 180};
    for (int i = 0; i < columns; ++i) {
        const PixelRect tile = mixer::to_pixels({i * unit.width, 0, unit.width, 1}, {width, 180});
        CHECK(tile.size() == first.size());
        CHECK(tile.x >= before.x + before.width);
        before = tile;
    }
}

TEST_CASE("A rectangle outside the canvas, or too thin to see, becomes a valid one") {
    CHECK(mixer::to_pixels({1.5, -0.5, 0.2, 0.2}, {100, 100}) == PixelRect{80, 0, 20, 20});
    CHECK(mixer::to_pixels({0.5, 0.5, 0, 0}, {100, 100}).size() == PictureSize{2, 2});
}

TEST_CASE("A crop takes the middle of what is too wide or too tall") {
    CHECK(mixer::crop_to_shape({640, 480}, {1280, 720}) == PixelRect{0, 60, 640, 360});
    CHECK(mixer::crop_to_shape({1280, 720}, {360, 360}) == PixelRect{280, 0, 720, 720});
    CHECK(mixer::crop_to_shape({1280, 720}, {320, 180}) == PixelRect{0, 0, 1280, 720});
}

TEST_CASE("A crop gives up a strip at the edges where that makes the ratio a whole one") {
    // A grid's gaps: 4x4, 2x2, and 8x8 of a 720p canvas.
    CHECK(mixer::crop_to_shape({1280, 720}, {318, 178}) == PixelRect{4, 4, 1272, 712});
    CHECK(mixer::crop_to_shape({1280, 720}, {634, 356}) == PixelRect{4, 4, 1268, 712});
    CHECK(mixer::crop_to_shape({640, 360}, {636, 356}) == PixelRect{2, 2, 636, 356});
    CHECK(mixer::crop_to_shape({1280, 720}, {158, 88}) == PixelRect{8, 8, 1264, 704});

    // Of a third, or where it would cost more than is worth it, nothing.
    CHECK(mixer::crop_to_shape({1280, 720}, {424, 238}).height >= 714);
    CHECK(mixer::crop_to_shape({1280, 720}, {300, 168}).width >= 1276);
}

TEST_CASE("What goes into small tiles is cut at fours, so that its half is cut at twos") {
    for (int width = 90; width <= 640; width += 2) {
        const PixelRect cut = mixer::crop_to_shape({1280, 720}, {width, 358 * width / 638 / 2 * 2});
        INFO(width << ": " << cut.x << ' ' << cut.y << ' ' << cut.width << ' ' << cut.height);
        CHECK((cut.x | cut.y | cut.width | cut.height) % 4 == 0);
        CHECK(cut.x + cut.width <= 1280);
        CHECK(cut.y + cut.height <= 720);
    }
}

TEST_CASE("A letterboxed picture keeps its shape in the middle of its tile") {
    CHECK(mixer::letterbox({640, 480}, {1280, 720}) == PixelRect{160, 0, 960, 720});
    CHECK(mixer::letterbox({1280, 720}, {640, 480}) == PixelRect{0, 60, 640, 360});
}

TEST_CASE("Extreme shapes still give at least one block of pixels") {
    CHECK(mixer::letterbox({1920, 2}, {2, 100}).height >= 2);
    CHECK(mixer::crop_to_shape({2, 1920}, {1000, 2}).height >= 2);
}

TEST_CASE("Bars that would be slivers are cropped away, real ones stay") {
    CHECK(mixer::fit_for({1280, 720}, {206, 112}, Fit::Letterbox) == Fit::Crop);
    CHECK(mixer::fit_for({640, 480}, {1280, 720}, Fit::Letterbox) == Fit::Letterbox);
    CHECK(mixer::fit_for({640, 480}, {1280, 720}, Fit::Crop) == Fit::Crop);
}

#include <catch2/catch.hpp>

#include "tests/support/stage.h"

using mixer::Fit;
using mixer::FrameRef;
using mixer::PixelRect;
using tests::ColorMark;
using tests::ColorSource;
using tests::Person;
using tests::Stage;

namespace {

constexpr common::PictureSize kCanvas{1280, 720};

const std::vector<Person>& crowd() {
    static const std::vector<Person> people{
        {"Ada Lovelace", "AL", {1280, 720}, false, true},
        {"Michał Wiśniewski", "MW", {640, 360}, true},
        {"Юлия Никитина", "ЮН", {640, 480}},
        {"王小明", "王", {1920, 1080}, true},
        {"ליאור כהן", "לכ", {352, 288}},
        {"Board room, 3rd floor, building of the northern annex", "BR", {1280, 720}},
        {"فاطمة الزهراء", "فا", {720, 960}, true},
        {"佐藤 美咲", "佐美", {960, 540}},
        {"Óscar", "Ó", {1280, 720}},
    };
    return people;
}

std::vector<Person> first(int count) {
    return {crowd().begin(), crowd().begin() + count};
}

}  // namespace

TEST_CASE("Everyone is in the tile the plan says, with the newest picture") {
    const int count = GENERATE(1, 3, 5, 9);
    const common::PictureSize canvas =
        GENERATE(common::PictureSize{1280, 720}, common::PictureSize{640, 360});
    const Fit fit = GENERATE(Fit::Crop, Fit::Letterbox);
    Stage stage(first(count));
    const auto scene = stage.builder.build(stage.grid(fit), canvas);
    stage.shoot();
    stage.shoot();

    const FrameRef picture = stage.compose(*scene);

    REQUIRE(picture);
    tests::keep(*picture, std::to_string(count) + "-" + std::to_string(canvas.height) +
                              (fit == Fit::Crop ? "-crop" : "-letterbox"));
    for (int i = 0; i < count; ++i) {
        const PixelRect tile = scene->tiles[static_cast<std::size_t>(i)].rect;
        const auto camera = crowd()[static_cast<std::size_t>(i)].camera;
        INFO("tile " << i << " of " << count);
        CHECK(ColorSource::read(*picture, ColorSource::area_in(tile, camera, fit)) ==
              ColorMark{i, 1});
    }
}

TEST_CASE("Those without a picture are shown by their initials") {
    Stage stage(first(9));
    const auto scene = stage.builder.build(stage.grid(), kCanvas);
    for (int i = 0; i < 9; i += 2) stage.shoot(i);

    const FrameRef picture = stage.compose(*scene);
    tests::keep(*picture, "9-avatars");

    for (int i = 0; i < 9; ++i) {
        const PixelRect tile = scene->tiles[static_cast<std::size_t>(i)].rect;
        const auto camera = crowd()[static_cast<std::size_t>(i)].camera;
        const auto mark =
            ColorSource::read(*picture, ColorSource::area_in(tile, camera, Fit::Crop));
        CHECK(mark.has_value() == (i % 2 == 0));
    }
}

#include <catch2/catch.hpp>

#include "mixer/video/drawing.h"
#include "mixer/video/frame_pool.h"
#include "mixer/video/scene.h"

using common::PictureSize;
using mixer::LayoutPlan;
using mixer::SceneTile;
using mixer::Tile;

namespace {

LayoutPlan one_tile(const std::string& label, bool muted = false) {
    LayoutPlan plan;
    Tile tile;
    tile.rect = {0, 0, 0.5, 0.5};
    tile.source = {1};
    tile.label = label;
    tile.muted = muted;
    tile.initials = "AL";
    tile.avatar_color = {200, 40, 60};
    plan.tiles = {tile};
    return plan;
}

struct Fixture {
    SceneTile built(const LayoutPlan& plan, PictureSize canvas = {1280, 720}) {
        return builder.build(plan, canvas)->tiles.at(0);
    }
    mixer::FramePool pool{64 << 20};
    mixer::SceneBuilder builder{pool};
};

/// How much bright ink a label has, in whole pixels of white.
int ink(const mixer::LabelBitmap& label) {
    int bright = 0;
    for (const auto luma : label.y) bright += luma > 180 ? 1 : 0;
    return bright;
}

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "A label lies inside its tile, on even pixels, in any tile and for any name") {
    const std::string name =
        GENERATE("A", "Ada Lovelace", "Юлия Никитина", "王小明", "فاطمة الزهراء",
                 "A name that nobody could ever fit into a tile as small as this one");
    const PictureSize canvas = GENERATE(PictureSize{320, 180}, PictureSize{426, 240},
                                        PictureSize{640, 1138}, PictureSize{1920, 1080});

    const SceneTile tile = built(one_tile(name, true), canvas);

    REQUIRE(tile.label);
    const mixer::PixelRect rect = tile.label->rect;
    CHECK(rect.x % 2 + rect.y % 2 + rect.width % 2 + rect.height % 2 == 0);
    CHECK(rect.x >= 0);
    CHECK(rect.x + rect.width <= tile.rect.width);
    CHECK(rect.y + rect.height <= tile.rect.height);
    CHECK(ink(*tile.label) > 10);
}

TEST_CASE_METHOD(Fixture, "A long name ends in an ellipsis instead of filling more than its tile") {
    const SceneTile a = built(one_tile(std::string(100, 'W')));
    const SceneTile b = built(one_tile(std::string(5000, 'W')));
    CHECK(a.label->rect == b.label->rect);
    CHECK(a.label->y == b.label->y);
}

TEST_CASE_METHOD(Fixture,
                 "Names of right-to-left scripts are as wide as their text, not as their tile") {
    const SceneTile tile = built(one_tile("ליאור כהן"));
    CHECK(tile.label->rect.width < tile.rect.width / 2);
    CHECK(ink(*tile.label) > 100);
}

TEST_CASE_METHOD(Fixture, "The muted mark makes room for itself, with or without a name") {
    const auto plain = built(one_tile("Ada")).label;
    const auto muted = built(one_tile("Ada", true)).label;
    const auto mark_only = built(one_tile("", true)).label;

    CHECK(muted->rect.width > plain->rect.width);
    REQUIRE(mark_only);
    CHECK(mark_only->rect.width < plain->rect.width);
    CHECK_FALSE(built(one_tile("")).label);
}

TEST_CASE_METHOD(Fixture, "A tile too small to read has no label but still an avatar of its size") {
    const SceneTile tile = built(one_tile("Ada"), {160, 90});
    CHECK_FALSE(tile.label);
    REQUIRE(tile.avatar);
    CHECK(tile.avatar->size() == tile.rect.size());
}

TEST_CASE_METHOD(Fixture,
                 "Names with broken UTF-8, line breaks and control bytes are drawn, not trusted") {
    CHECK(built(one_tile("A\xff\xfe\xc3")).label);
    CHECK(built(one_tile("first\nsecond\r\n\x01third")).label->rect.height ==
          built(one_tile("first")).label->rect.height);
    CHECK(built(one_tile("<b>&amp;")).label);
}

TEST_CASE_METHOD(Fixture, "Type grows with the tile") {
    const int small = built(one_tile("Ada"), {640, 360}).label->rect.height;
    const int large = built(one_tile("Ada"), {1920, 1080}).label->rect.height;
    CHECK(large > small);
}

TEST_CASE_METHOD(Fixture, "Building the same plan again draws nothing again") {
    const SceneTile first = built(one_tile("Ada"));
    const SceneTile again = built(one_tile("Ada"));
    CHECK(first.label == again.label);
    CHECK(first.avatar.get() == again.avatar.get());
    CHECK(first.shape == again.shape);

    CHECK(built(one_tile("Ada", true)).label != first.label);
    CHECK(built(one_tile("Ada", true)).avatar.get() == first.avatar.get());
}

TEST_CASE_METHOD(Fixture, "An avatar shows the person's colour around its initials") {
    const SceneTile tile = built(one_tile("Ada"));
    const mixer::YuvColor color = mixer::to_yuv(mixer::Color{200, 40, 60});
    const auto [width, height] = tile.avatar->size();
    // Above the initials, inside the disc.
    const int x = width / 2;
    const int y = height / 2 - height / 6;
    CHECK(int{tile.avatar->y()[y * tile.avatar->stride_y() + x]} == Approx(color.y).margin(1));
    CHECK(int{tile.avatar->u()[y / 2 * tile.avatar->stride_uv() + x / 2]} ==
          Approx(color.u).margin(1));
    CHECK(int{tile.avatar->v()[y / 2 * tile.avatar->stride_uv() + x / 2]} ==
          Approx(color.v).margin(1));
}

TEST_CASE_METHOD(Fixture, "Avatars of odd shapes are drawn whole") {
    const PictureSize canvas =
        GENERATE(PictureSize{4, 4}, PictureSize{40, 1000}, PictureSize{1000, 40});
    const SceneTile tile = built(one_tile("MW"), canvas);
    REQUIRE(tile.avatar);
    CHECK(tile.avatar->size() == tile.rect.size());
}

TEST_CASE_METHOD(Fixture, "Tiles are painted in order of z, then as listed") {
    LayoutPlan plan = one_tile("");
    plan.tiles.resize(3, plan.tiles[0]);
    plan.tiles[0].z = 1;
    plan.tiles[1].source = {2};
    plan.tiles[2].source = {3};

    const auto scene = builder.build(plan, {640, 360});

    CHECK(scene->tiles[0].source == common::SourceId{2});
    CHECK(scene->tiles[1].source == common::SourceId{3});
    CHECK(scene->tiles[2].source == common::SourceId{1});
}

TEST_CASE_METHOD(Fixture, "An empty slot has neither label nor avatar") {
    LayoutPlan plan = one_tile("nobody");
    plan.tiles[0].source = {};
    const SceneTile tile = built(plan);
    CHECK_FALSE(tile.label);
    CHECK_FALSE(tile.avatar);
}

TEST_CASE_METHOD(Fixture, "A tile that fills the canvas has square corners, others round ones") {
    LayoutPlan plan = one_tile("");
    CHECK(built(plan).shape->radius > 0);
    plan.tiles[0].rect = {0, 0, 1, 1};
    CHECK(built(plan).shape->radius == 0);
}

TEST_CASE("A full pool costs the avatar, not the scene, and it is drawn when there is room") {
    mixer::FramePool pool(1000);
    mixer::SceneBuilder builder(pool);
    const auto scene = builder.build(one_tile("Ada"), {640, 360});
    CHECK_FALSE(scene->tiles[0].avatar);
    CHECK(scene->tiles[0].label);
}

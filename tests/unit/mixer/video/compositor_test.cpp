#include "mixer/video/compositor.h"

#include <catch2/catch.hpp>

#include "mixer/video/drawing.h"
#include "mixer/video/yuv_color.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/stage.h"

using namespace common;
using mixer::FrameRef;
using mixer::PixelRect;
using mixer::YuvColor;
using tests::ColorMark;
using tests::ColorSource;
using tests::Stage;

namespace {

constexpr PictureSize kCanvas{640, 360};

YuvColor at(const FrameRef& picture, int x, int y) {
    return {picture->y()[y * picture->stride_y() + x],
            picture->u()[y / 2 * picture->stride_uv() + x / 2],
            picture->v()[y / 2 * picture->stride_uv() + x / 2]};
}

Stage four_people() {
    return Stage({{"Ada", "A"}, {"Bob", "B"}, {"Cid", "C"}, {"Dee", "D"}});
}

Stage one_person() {
    return Stage(std::vector<tests::Person>{{"", "A"}});
}

std::optional<ColorMark> mark_in(const FrameRef& picture, const mixer::SceneTile& tile) {
    return ColorSource::read(*picture, ColorSource::area_in(tile.rect, {1280, 720}, tile.fit));
}

}  // namespace

TEST_CASE("A source is scaled once for all canvases that show it at one size") {
    Stage stage = four_people();
    const auto scene = stage.builder.build(stage.grid(), kCanvas);
    auto with_border = stage.grid();
    with_border.tiles[2].speaking = true;
    const auto other = stage.builder.build(with_border, kCanvas);
    stage.shoot();

    stage.compositor.begin_tick(stage.clock.now());
    const FrameRef first = stage.compositor.compose(*scene, stage, stage.clock.now());
    const FrameRef second = stage.compositor.compose(*other, stage, stage.clock.now());

    CHECK(stage.compositor.scale_count() == 4);
    CHECK(mark_in(second, other->tiles[3]) == ColorMark{3, 0});
}

TEST_CASE("What the decoder made for a tile is drawn as it is, and looks the same") {
    Stage stage = four_people();
    const auto scene = stage.builder.build(stage.grid(), kCanvas);
    stage.shoot();
    const FrameRef here = stage.compositor.compose(*scene, stage, stage.clock.now());
    CHECK(stage.compositor.scale_count() == 4);
    stage.compositor.begin_tick(stage.clock.now());
    stage.compositor.begin_tick(stage.clock.now());  // forgets what it scaled

    for (int i = 0; i < 4; ++i)
        stage.fit(i, {scene->tiles[static_cast<std::size_t>(i)].rect.size(), mixer::Fit::Crop});
    const FrameRef there = stage.compositor.compose(*scene, stage, stage.clock.now());

    CHECK(stage.compositor.scale_count() == 4);
    for (int y = 0; y < kCanvas.height; ++y) {
        const std::uint8_t* row = here->y() + y * here->stride_y();
        REQUIRE(std::equal(row, row + kCanvas.width, there->y() + y * there->stride_y()));
    }
}

TEST_CASE("A picture that did not change is not scaled again at the next tick") {
    Stage stage = four_people();
    const auto scene = stage.builder.build(stage.grid(), kCanvas);
    stage.shoot();
    const FrameRef first = stage.compose(*scene);
    stage.shoot(0);
    const FrameRef second = stage.compose(*scene);

    CHECK(stage.compositor.scale_count() == 5);
    CHECK(mark_in(second, scene->tiles[0]) == ColorMark{0, 1});
    CHECK(mark_in(second, scene->tiles[1]) == ColorMark{1, 0});
}

TEST_CASE("A scaled picture nobody used for a tick is forgotten") {
    Stage stage = four_people();
    const auto scene = stage.builder.build(stage.grid(), kCanvas);
    stage.shoot();
    { const FrameRef picture = stage.compose(*scene); }
    const std::size_t bytes_cached = stage.pool.bytes_in_use();

    stage.compositor.begin_tick(stage.clock.now());
    stage.compositor.begin_tick(stage.clock.now());

    CHECK(stage.pool.bytes_in_use() < bytes_cached);
}

TEST_CASE("A picture of exactly the tile's size is not scaled at all") {
    Stage stage({{"", "A", {640, 360}}});
    const auto scene = stage.builder.build(stage.grid(), kCanvas);
    stage.shoot();
    const FrameRef picture = stage.compose(*scene);
    CHECK(stage.compositor.scale_count() == 0);
    CHECK(tests::luma_psnr(*picture, *stage.find({1})->frame) == 100);
}

TEST_CASE("A picture that stands still is dimmed after 2 s and replaced by the avatar after 10 s") {
    Stage stage = one_person();
    const auto scene = stage.builder.build(stage.grid(), kCanvas);
    stage.shoot();
    const YuvColor live = at(stage.compose(*scene), 20, 20);

    stage.clock.advance(1999ms);
    CHECK(at(stage.compose(*scene), 20, 20) == live);
    stage.clock.advance(1ms);
    const FrameRef dimmed = stage.compose(*scene);
    CHECK(at(dimmed, 20, 20).y < live.y * 2 / 3);
    CHECK(mark_in(dimmed, scene->tiles[0]) == ColorMark{0, 0});
    stage.clock.advance(7999ms);
    CHECK(mark_in(stage.compose(*scene), scene->tiles[0]).has_value());
    stage.clock.advance(1ms);
    CHECK(tests::luma_psnr(*stage.compose(*scene), *scene->tiles[0].avatar) == 100);

    stage.shoot();
    CHECK(mark_in(stage.compose(*scene), scene->tiles[0]) == ColorMark{0, 1});
}

TEST_CASE("A source that is gone shows its avatar, an empty slot the background") {
    Stage stage = one_person();
    auto plan = stage.grid();
    const FrameRef gone = stage.compose(*stage.builder.build(plan, kCanvas));
    CHECK(at(gone, 320, 100) != mixer::to_yuv(plan.background));

    plan.tiles[0].source = {};
    const FrameRef empty = stage.compose(*stage.builder.build(plan, kCanvas));
    CHECK(at(empty, 320, 180) == mixer::to_yuv(plan.background));
}

TEST_CASE("The speaker's ring runs inside the tile and nobody else has one") {
    Stage stage = four_people();
    auto plan = stage.grid();
    plan.tiles[1].speaking = true;
    const auto scene = stage.builder.build(plan, kCanvas);
    stage.shoot();
    const FrameRef picture = stage.compose(*scene);
    const YuvColor border = mixer::to_yuv(plan.speaker_border);

    for (std::size_t i = 0; i < 4; ++i) {
        const PixelRect rect = scene->tiles[i].rect;
        const int middle_x = rect.x + rect.width / 2;
        const int middle_y = rect.y + rect.height / 2;
        CHECK((at(picture, middle_x, rect.y) == border) == (i == 1));
        CHECK((at(picture, middle_x, rect.y + rect.height - 1) == border) == (i == 1));
        CHECK((at(picture, rect.x, middle_y) == border) == (i == 1));
        CHECK((at(picture, rect.x + rect.width - 1, middle_y) == border) == (i == 1));
        CHECK(at(picture, middle_x, rect.y - 2) == mixer::to_yuv(plan.background));
    }
}

TEST_CASE("A tile that lies on another has an outline, and a neighbour has none") {
    Stage stage = four_people();
    auto plan = stage.grid();
    plan.tiles[0].rect = {0, 0, 1, 1};
    plan.tiles[1].rect = {0.7, 0.7, 0.25, 0.25};
    plan.tiles[1].z = 1;
    plan.tiles.resize(2);

    const auto scene = stage.builder.build(plan, kCanvas);
    const FrameRef drawn = stage.compose(*scene);

    CHECK_FALSE(scene->tiles[0].outlined);
    REQUIRE(scene->tiles[1].outlined);
    const auto& inset = scene->tiles[1].rect;
    CHECK(at(drawn, inset.x, inset.y + inset.height / 2) == mixer::to_yuv(scene->outline));
    const auto grid = stage.builder.build(stage.grid(), kCanvas);
    for (const auto& tile : grid->tiles) CHECK_FALSE(tile.outlined);
}

TEST_CASE("Rounded corners let through what lies below, also where tiles overlap") {
    Stage stage({{"", "A"}, {"", "B"}});
    auto plan = stage.grid();
    plan.tiles[0].rect = {0, 0, 1, 1};
    plan.tiles[1].rect = {0.6, 0.6, 0.35, 0.35};
    plan.tiles[1].z = 1;
    const auto scene = stage.builder.build(plan, kCanvas);
    stage.shoot();
    const FrameRef picture = stage.compose(*scene);
    const PixelRect rect = scene->tiles[1].rect;

    const YuvColor below = mixer::to_yuv(ColorSource::color_of(0));
    const YuvColor above = mixer::to_yuv(ColorSource::color_of(1));
    CHECK(at(picture, rect.x, rect.y).y == below.y);
    CHECK(at(picture, rect.x + rect.width - 1, rect.y + rect.height - 1).y == below.y);
    CHECK(at(picture, rect.x + 20, rect.y + 20) == above);
}

TEST_CASE("Nothing is drawn outside the tiles") {
    Stage stage = four_people();
    auto plan = stage.grid();
    for (auto& tile : plan.tiles) tile.speaking = tile.muted = true;
    const auto scene = stage.builder.build(plan, kCanvas);
    stage.shoot();
    const FrameRef picture = stage.compose(*scene);
    const YuvColor background = mixer::to_yuv(plan.background);

    int strangers = 0;
    for (int y = 0; y < kCanvas.height; ++y) {
        for (int x = 0; x < kCanvas.width; ++x) {
            bool inside = false;
            for (const auto& tile : scene->tiles) {
                inside = inside || (x >= tile.rect.x && x < tile.rect.x + tile.rect.width &&
                                    y >= tile.rect.y && y < tile.rect.y + tile.rect.height);
            }
            if (!inside && !(at(picture, x, y) == background)) ++strangers;
        }
    }
    CHECK(strangers == 0);
}

TEST_CASE("No sample of a canvas is left over from the picture that was there before") {
    Stage stage = four_people();
    auto plan = stage.grid();
    const int kind = GENERATE(0, 1, 2, 3);
    if (kind == 1) plan.tiles[2].source = {};                  // an empty slot
    if (kind == 2) plan.tiles[3].rect = {0.4, 0.4, 0.2, 0.2};  // one that lies on the others
    if (kind == 3) plan.tiles.clear();
    const auto scene = stage.builder.build(plan, kCanvas);
    stage.shoot();
    const auto on = [&](mixer::Color dirt) {
        mixer::LayoutPlan empty;
        empty.background = dirt;
        const std::uint8_t* place = stage.compose(*stage.builder.build(empty, kCanvas))->y();
        const FrameRef canvas = stage.compose(*scene);
        REQUIRE(canvas->y() == place);
        mixer::FrameWriter copy = stage.pool.acquire(kCanvas);
        mixer::paint(*copy, {0, 0, kCanvas.width, kCanvas.height}, *canvas, nullptr);
        return std::move(copy).publish();
    };

    const FrameRef on_dark = on({10, 20, 30});
    const FrameRef on_bright = on({250, 240, 230});

    int different = 0;
    for (int y = 0; y < kCanvas.height; ++y) {
        for (int x = 0; x < kCanvas.width; ++x) {
            if (!(at(on_dark, x, y) == at(on_bright, x, y))) ++different;
        }
    }
    CHECK(different == 0);
}

TEST_CASE("Drawn again on its own canvas, a scene looks as it did on a new one") {
    Stage stage({{"Ada", "A"}, {"Bob", "B"}, {"Cid", "C"}});
    auto plan = stage.grid();
    const int kind = GENERATE(0, 1, 2);
    if (kind == 1) plan.tiles[1].source = {};                  // an empty slot
    if (kind == 2) plan.tiles[2].rect = {0.4, 0.2, 0.2, 0.2};  // one that lies on the others
    const auto scene = stage.builder.build(plan, kCanvas);
    REQUIRE(!scene->empty.empty());
    stage.shoot();
    const FrameRef fresh = stage.compose(*scene);
    const std::uint8_t* place = stage.compose(*scene)->y();

    for (int i = 0; i < 3; ++i) {
        const FrameRef again = stage.compose(*scene);

        REQUIRE(again->y() == place);
        int different = 0;
        for (int y = 0; y < kCanvas.height; ++y) {
            for (int x = 0; x < kCanvas.width; ++x) {
                if (!(at(fresh, x, y) == at(again, x, y))) ++different;
            }
        }
        CHECK(different == 0);
    }
}

TEST_CASE("A letterboxed picture has bars, a cropped one has none") {
    Stage stage({{"", "A", {640, 480}}});
    stage.shoot();
    const auto boxed =
        stage.compose(*stage.builder.build(stage.grid(mixer::Fit::Letterbox), kCanvas));
    const auto cropped = stage.compose(*stage.builder.build(stage.grid(mixer::Fit::Crop), kCanvas));
    const YuvColor color = mixer::to_yuv(ColorSource::color_of(0));

    CHECK(at(boxed, 10, 180).y < 20);
    CHECK(at(boxed, 630, 180).y < 20);
    CHECK(at(boxed, 90, 20) == color);
    CHECK(at(cropped, 2, 180) == color);
}

TEST_CASE("A full pool gives no canvas and is counted") {
    mixer::FramePool pool(1000);
    mixer::Compositor compositor(pool);
    Stage stage = one_person();
    const auto scene = stage.builder.build(stage.grid(), kCanvas);

    CHECK_FALSE(compositor.compose(*scene, stage, stage.clock.now()));
    CHECK(compositor.exhausted_count() == 1);
}

TEST_CASE("A steady tick of nine live sources on two canvases allocates nothing") {
    std::vector<tests::Person> people(9, {"Ada Lovelace", "AL"});
    people[3].muted = people[4].speaking = true;
    Stage stage(people);
    const auto large = stage.builder.build(stage.grid(), {1280, 720});
    const auto small = stage.builder.build(stage.grid(), {640, 360});
    const auto tick = [&] {
        stage.clock.advance(33ms);
        stage.shoot();
        stage.compositor.begin_tick(stage.clock.now());
        const FrameRef a = stage.compositor.compose(*large, stage, stage.clock.now());
        const FrameRef b = stage.compositor.compose(*small, stage, stage.clock.now());
        return a && b;
    };
    for (int i = 0; i < 3; ++i) REQUIRE(tick());

    const tests::AllocationCounter counter;
    bool composed = true;
    for (int i = 0; i < 30; ++i) composed = tick() && composed;

    CHECK(counter.count() == 0);
    CHECK(composed);
}

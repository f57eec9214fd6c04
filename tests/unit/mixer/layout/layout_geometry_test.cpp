#include "mixer/layout/layout_geometry.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "mixer/layout/layout_parser.h"

using mixer::LayoutRule;
using mixer::place_tiles;
using mixer::UnitRect;

namespace {

constexpr double kWide = 16.0 / 9.0;

LayoutRule layout(const std::string& toml) {
    std::vector<mixer::LayoutError> errors;
    auto rule = mixer::parse_layout(toml, "x.toml", errors);
    REQUIRE(rule.has_value());
    return *rule;
}

/// Rounded, as two rows that ought to be level may differ in the last bit.
std::vector<int> tiles_per_row(const std::vector<mixer::PlacedTile>& tiles) {
    std::map<long, int> rows;
    for (const auto& tile : tiles) ++rows[std::lround(tile.rect.y * 10000)];
    std::vector<int> counts;
    for (const auto& [y, count] : rows) counts.push_back(count);
    return counts;
}

bool overlap(const UnitRect& a, const UnitRect& b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

struct GridCase {
    int people;
    double aspect;
    std::vector<int> rows;
};

}  // namespace

TEST_CASE("A grid takes the rows and columns that make the tiles largest") {
    const auto grid = GENERATE(values<GridCase>({
        {0, kWide, {}},
        {1, kWide, {1}},
        {2, kWide, {2}},
        {3, kWide, {2, 1}},
        {4, kWide, {2, 2}},
        {5, kWide, {3, 2}},
        {6, kWide, {3, 3}},
        {7, kWide, {3, 3, 1}},
        {9, kWide, {3, 3, 3}},
        {10, kWide, {4, 4, 2}},
        {16, kWide, {4, 4, 4, 4}},
        {25, kWide, {5, 5, 5, 5, 5}},
        {49, kWide, {7, 7, 7, 7, 7, 7, 7}},
        {60, kWide, {7, 7, 7, 7, 7, 7, 7}},
        {2, 9.0 / 16.0, {1, 1}},
        {4, 9.0 / 16.0, {1, 1, 1, 1}},
        {2, 4.0 / 3.0, {1, 1}},
        {3, 32.0 / 9.0, {3}},
    }));
    CAPTURE(grid.people, grid.aspect);

    CHECK(tiles_per_row(place_tiles(layout("family = 'grid'"), grid.people, grid.aspect)) ==
          grid.rows);
}

TEST_CASE("Every grid has equal 16:9 tiles that lie inside the canvas and never touch") {
    const LayoutRule grid = layout("family = 'grid'");
    const double aspect = GENERATE(values({16.0 / 9, 4.0 / 3, 11.0 / 9, 9.0 / 16, 21.0 / 9}));
    for (int people = 2; people <= 49; ++people) {
        CAPTURE(people, aspect);
        const auto tiles = place_tiles(grid, people, aspect);
        REQUIRE(tiles.size() == static_cast<std::size_t>(people));
        for (std::size_t i = 0; i < tiles.size(); ++i) {
            const UnitRect& rect = tiles[i].rect;
            REQUIRE(rect.width == Approx(tiles[0].rect.width));
            REQUIRE(rect.width * aspect / rect.height == Approx(kWide));
            REQUIRE(
                (rect.x > 0 && rect.y > 0 && rect.x + rect.width < 1 && rect.y + rect.height < 1));
            for (std::size_t j = 0; j < i; ++j) REQUIRE_FALSE(overlap(rect, tiles[j].rect));
        }
    }
}

TEST_CASE("The last row of a grid is centred") {
    const auto tiles = place_tiles(layout("family = 'grid'"), 3, kWide);

    const UnitRect& last = tiles[2].rect;
    CHECK(last.x + last.width / 2 == Approx(0.5));
}

TEST_CASE("One person fills a canvas of a camera's shape") {
    const auto tiles = place_tiles(layout("family = 'grid'"), 1, kWide);

    REQUIRE(tiles.size() == 1);
    CHECK(tiles[0].rect == UnitRect{0, 0, 1, 1});
}

TEST_CASE("Side by side are two tiles of 4:3") {
    const auto tiles = place_tiles(layout("family = 'side-by-side'"), 5, kWide);

    REQUIRE(tiles.size() == 2);
    CHECK(tiles[0].rect.width * kWide / tiles[0].rect.height == Approx(4.0 / 3.0));
    CHECK(tiles[0].rect.y == Approx(tiles[1].rect.y));
    CHECK(tiles[0].rect.x == Approx(1 - tiles[1].rect.x - tiles[1].rect.width));
}

TEST_CASE("Gaps between drawn tiles and around them are equally wide") {
    const auto tiles = place_tiles(layout("family = 'one-plus-n'\nn = 5"), 6, kWide);
    const double gap = 12.0 / 1080;

    REQUIRE(tiles.size() == 6);
    const UnitRect& big = tiles[0].rect;
    const UnitRect& right = tiles[1].rect;
    const UnitRect& below = tiles[5].rect;
    CHECK(big.x * kWide == Approx(gap));
    CHECK(big.y == Approx(gap));
    CHECK((right.x - big.x - big.width) * kWide == Approx(gap));
    CHECK(below.y - big.y - big.height == Approx(gap));
    CHECK((1 - right.x - right.width) * kWide == Approx(gap));
    CHECK(below.x + below.width == Approx(big.x + big.width));
}

TEST_CASE("A layout drawn for one shape stays in the middle of a canvas of another") {
    const LayoutRule square =
        layout("[canvas]\naspect = '1:1'\ngap = 0\n[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'slot'");

    const auto wide = place_tiles(square, 1, 2.0);
    const auto tall = place_tiles(square, 1, 0.5);

    CHECK(wide[0].rect == UnitRect{0.25, 0, 0.5, 1});
    CHECK(tall[0].rect == UnitRect{0, 0.25, 1, 0.5});
}

TEST_CASE("A gap wider than the cells of a fine grid leaves every tile a size") {
    const auto tiles =
        place_tiles(layout("[canvas]\ngrid = [100, 100]\ngap = 100\n"
                           "[[tile]]\nrect = [99.5, 99.5, 0.5, 0.5]\nshows = 'slot'"),
                    1, kWide);

    CHECK(tiles[0].rect.width > 0);
    CHECK(tiles[0].rect.height > 0);
    CHECK(tiles[0].rect.x + tiles[0].rect.width <= 1);
}

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
    auto rule = mixer::parse_layout(
        toml, "x.toml", [](std::string_view) { return true; }, errors);
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
        {13, kWide, {4, 4, 4, 1}},
        {3, 32.0 / 9.0, {3}},
    }));
    CAPTURE(grid.people, grid.aspect);

    CHECK(tiles_per_row(place_tiles(layout("family = 'grid'"), grid.people, grid.aspect)) ==
          grid.rows);
}

TEST_CASE("Every grid has equal tiles of a camera's shape inside the canvas, and none touch") {
    const LayoutRule grid = layout("family = 'grid'");
    const double aspect = GENERATE(values({16.0 / 9, 4.0 / 3, 11.0 / 9, 9.0 / 16, 21.0 / 9}));
    for (int people = 2; people <= 49; ++people) {
        CAPTURE(people, aspect);
        const auto tiles = place_tiles(grid, people, aspect);
        REQUIRE(tiles.size() == static_cast<std::size_t>(people));
        for (std::size_t i = 0; i < tiles.size(); ++i) {
            const UnitRect& rect = tiles[i].rect;
            REQUIRE(rect.width == Approx(tiles[0].rect.width));
            const double shape = rect.width * aspect / rect.height;
            REQUIRE(shape < kWide + 1e-9);
            REQUIRE(shape > (aspect < 1 ? 4.0 / 3 : 3.0 / 2) - 1e-9);
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
    const UnitRect& below = tiles[4].rect;
    CHECK(big.x * kWide == Approx(gap));
    CHECK(big.y == Approx(gap));
    CHECK((right.x - big.x - big.width) * kWide == Approx(gap));
    CHECK(below.y - big.y - big.height == Approx(gap));
    CHECK((1 - right.x - right.width) * kWide == Approx(gap));
    CHECK(below.x + below.width == Approx(big.x + big.width));
}

namespace {

double shape_of(const UnitRect& rect, double aspect = kWide) {
    return rect.width * aspect / rect.height;
}

double covered(const std::vector<mixer::PlacedTile>& tiles) {
    double area = 0;
    for (const auto& tile : tiles) area += tile.rect.width * tile.rect.height;
    return area;
}

}  // namespace

TEST_CASE(
    "Every family lies inside the canvas, has no overlaps and wastes little with few people") {
    struct Case {
        const char* toml;
        double aspect;
        double least_covered;
    };
    const auto family = GENERATE(values<Case>({
        {"family = 'one-plus-n'\nn = 5", kWide, 0.75},
        {"family = 'one-plus-n'\nn = 9", kWide, 0.75},
        {"family = 'one-plus-n'\nn = 15", kWide, 0.75},
        {"family = 'rows'\nrows = '2+4+4'", kWide, 0.6},
        {"family = 'rows'\nrows = '4+4'", kWide, 0.34},
        {"family = 'rows'\nrows = '2+2+2'", kWide, 0.4},
        {"family = 'rows'\nrows = '1+2+2+2+2'", 9.0 / 16, 0.7},
        {"family = 'strip'\nside = 'bottom'", kWide, 0.65},
        {"family = 'strip'\nside = 'top'", kWide, 0.65},
        {"family = 'strip'\nside = 'left'\nmost = 12", kWide, 0.7},
        {"family = 'strip'\nside = 'right'\nmost = 5", kWide, 0.75},
    }));
    const LayoutRule rule = layout(family.toml);
    for (int people = 1; people <= mixer::capacity(rule) + 2; ++people) {
        CAPTURE(family.toml, people);

        const auto tiles = place_tiles(rule, people, family.aspect);

        REQUIRE(tiles.size() == static_cast<std::size_t>(std::min(people, mixer::capacity(rule))));
        CHECK(covered(tiles) > family.least_covered);
        for (std::size_t i = 0; i < tiles.size(); ++i) {
            const UnitRect& rect = tiles[i].rect;
            REQUIRE((rect.x >= 0 && rect.y >= 0));
            REQUIRE((rect.x + rect.width <= 1 && rect.y + rect.height <= 1));
            REQUIRE(shape_of(rect, family.aspect) > 0.74);
            REQUIRE(shape_of(rect, family.aspect) < 2.01);
            for (std::size_t j = 0; j < i; ++j) REQUIRE_FALSE(overlap(rect, tiles[j].rect));
        }
    }
}

TEST_CASE("One big tile has a column beside it while the others are few, an L when they are more") {
    const LayoutRule rule = layout("family = 'one-plus-n'\nn = 7");

    const auto few = place_tiles(rule, 4, kWide);
    const auto more = place_tiles(rule, 7, kWide);

    CHECK(shape_of(few[0].rect) == Approx(4.0 / 3).epsilon(0.02));
    for (std::size_t i = 1; i < few.size(); ++i) CHECK(few[i].rect.x == few[1].rect.x);
    CHECK(more[0].rect.width == Approx(3 * more[1].rect.width + 2 * (12.0 / 1080) / kWide));
    const double under_big = (more[4].rect.x + more[5].rect.x + more[5].rect.width) / 2;
    CHECK(under_big == Approx(more[0].rect.x + more[0].rect.width / 2));
    CHECK(more[6].rect.y == Approx(more[5].rect.y));
}

TEST_CASE("A strip lies along its edge, the big tile at the other side") {
    const auto strip = [](const std::string& side) {
        return place_tiles(layout("family = 'strip'\nside = '" + side + "'"), 3, kWide);
    };

    CHECK(strip("bottom")[1].rect.y > strip("bottom")[0].rect.y + strip("bottom")[0].rect.height);
    CHECK(strip("top")[0].rect.y > strip("top")[1].rect.y + strip("top")[1].rect.height);
    CHECK(strip("right")[1].rect.x > strip("right")[0].rect.x + strip("right")[0].rect.width);
    CHECK(strip("left")[0].rect.x > strip("left")[1].rect.x + strip("left")[1].rect.width);
}

TEST_CASE("The big tile of a content strip is content's while there is any, else a speaker's") {
    const LayoutRule rule = layout("family = 'strip'\nbig = 'content'\nmost = 5");

    const auto with = place_tiles(rule, 3, kWide, true);
    const auto without = place_tiles(rule, 3, kWide, false);

    REQUIRE(with.size() == 4);
    CHECK(with[0].rule.shows == mixer::Shows::Content);
    CHECK(with[0].rule.fit == mixer::Fit::Letterbox);
    REQUIRE(without.size() == 3);
    CHECK(without[0].rule.shows == mixer::Shows::Speaker);
}

TEST_CASE("A tile is there only for as many people as it says, and with the content it wants") {
    const LayoutRule rule = layout(
        "[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'slot'\n"
        "[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'slot'\npeople = [2, 3]\n"
        "[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'content'\ncontent = true");

    CHECK(place_tiles(rule, 1, kWide).size() == 1);
    CHECK(place_tiles(rule, 2, kWide).size() == 2);
    CHECK(place_tiles(rule, 3, kWide, true).size() == 3);
    CHECK(place_tiles(rule, 4, kWide).size() == 1);
    CHECK(mixer::capacity(rule) == 2);
}

TEST_CASE("One person on a tall canvas is not cut to a strip") {
    const double tall = 9.0 / 16;

    const auto tiles = place_tiles(layout("family = 'grid'"), 1, tall);

    CHECK(shape_of(tiles[0].rect, tall) == Approx(0.75));
    CHECK_FALSE(tiles[0].rule.border);
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

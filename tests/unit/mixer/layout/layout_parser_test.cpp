#include "mixer/layout/layout_parser.h"

#include <catch2/catch.hpp>
#include <string>

using mixer::Fit;
using mixer::LayoutError;
using mixer::parse_table;
using mixer::Shows;

namespace {

/// "grid" is the only other layout there is.
std::optional<mixer::LayoutRule> parse_layout(std::string_view toml, std::string_view file,
                                              std::vector<LayoutError>& errors) {
    return mixer::parse_layout(
        toml, file, [](std::string_view name) { return name == "grid" || name == "x"; }, errors);
}

std::vector<std::string> layout_errors(const std::string& toml) {
    std::vector<LayoutError> errors;
    const auto layout = parse_layout(toml, "x.toml", errors);
    CHECK(layout.has_value() == errors.empty());
    std::vector<std::string> texts;
    for (const auto& error : errors) texts.push_back(error.text());
    return texts;
}

std::vector<std::string> table_errors(const std::string& toml) {
    std::vector<LayoutError> errors;
    const auto capacity_of = [](std::string_view name) { return name == "four" ? 4 : -1; };
    const auto table = parse_table(toml, "auto.toml", capacity_of, errors);
    CHECK(table.has_value() == errors.empty());
    std::vector<std::string> texts;
    for (const auto& error : errors) texts.push_back(error.text());
    return texts;
}

struct BadFile {
    const char* toml;
    std::vector<std::string> errors;
};

}  // namespace

TEST_CASE("A layout file says where its tiles are and what they show") {
    std::vector<LayoutError> errors;

    const auto layout = parse_layout(R"(
self_view = true
[canvas]
aspect = "4:3"
grid = [12, 9]
gap = 27
background = "#102030"
speaker_border = "#FFcc00"
labels = false
[[tile]]
id = "big"
rect = [0, 0, 8.5, 6]
shows = "speaker"
rank = 2
[[tile]]
rect = [9, 6, 3, 3]
shows = "self"
z = 5
fit = "letterbox"
label = false
border = false
[[tile]]
rect = [0, 6, 3, 3]
shows = "slot"
)",
                                     "folder/mine.toml", errors);

    REQUIRE(errors.empty());
    REQUIRE(layout.has_value());
    CHECK(layout->name == "mine");
    CHECK(layout->self_view);
    CHECK(layout->canvas.aspect == 4.0 / 3.0);
    CHECK(layout->canvas.columns == 12);
    CHECK(layout->canvas.rows == 9);
    CHECK(layout->canvas.gap == Approx(0.025));
    CHECK(layout->canvas.background == mixer::Color{0x10, 0x20, 0x30});
    CHECK(layout->canvas.speaker_border == mixer::Color{0xff, 0xcc, 0x00});
    CHECK_FALSE(layout->canvas.labels);
    REQUIRE(layout->tiles.size() == 3);
    CHECK(layout->tiles[0].id == "big");
    CHECK(layout->tiles[0].cells == mixer::UnitRect{0, 0, 8.5, 6});
    CHECK(layout->tiles[0].shows == Shows::Speaker);
    CHECK(layout->tiles[0].rank == 2);
    CHECK(layout->tiles[1].shows == Shows::Self);
    CHECK(layout->tiles[1].z == 5);
    CHECK(layout->tiles[1].fit == Fit::Letterbox);
    CHECK_FALSE(layout->tiles[1].label);
    CHECK_FALSE(layout->tiles[1].border);
    CHECK(layout->tiles[2].shows == Shows::Slot);
    CHECK(layout->tiles[2].fit == Fit::Crop);
}

TEST_CASE("A tile can wait for a number of people and for content, and show a role or the pinned") {
    std::vector<LayoutError> errors;

    const auto layout = parse_layout(R"(
description = "All there is"
without_role = "guest"
[[fewer]]
people = 2
layout = "grid"
[[tile]]
rect = [0, 0, 1, 1]
shows = "role"
role = "host"
rank = 2
people = [3, 9]
[[tile]]
rect = [0, 0, 1, 1]
shows = "content"
content = true
[[tile]]
rect = [0, 0, 1, 1]
shows = "pinned"
)",
                                     "x.toml", errors);

    REQUIRE(errors.empty());
    CHECK(layout->description == "All there is");
    CHECK(layout->without_role == "guest");
    REQUIRE(layout->fewer.size() == 1);
    CHECK(layout->fewer[0].most_people == 2);
    CHECK(layout->tiles[0].shows == Shows::Role);
    CHECK(layout->tiles[0].role == "host");
    CHECK(layout->tiles[0].rank == 2);
    CHECK(layout->tiles[0].when == mixer::TileCondition{3, 9, {}});
    CHECK(layout->tiles[1].shows == Shows::Content);
    CHECK(layout->tiles[1].fit == Fit::Letterbox);
    CHECK(layout->tiles[1].when.content == true);
    CHECK(layout->tiles[2].shows == Shows::Pinned);
    CHECK(layout->tiles[2].rank == 1);
}

TEST_CASE("A family is one line, and its keys another few") {
    std::vector<LayoutError> errors;

    const auto one_plus = parse_layout("family = 'one-plus-n'\nn = 9", "x.toml", errors);
    const auto rows = parse_layout("family = 'rows'\nrows = '2+4+4'", "x.toml", errors);
    const auto strip =
        parse_layout("family = 'strip'\nside = 'right'\nmost = 4\nbig = 'role'\nrole = 'host'",
                     "x.toml", errors);

    REQUIRE(errors.empty());
    CHECK(std::get<mixer::OnePlusRule>(*one_plus->family).others == 9);
    CHECK(one_plus->self_view);
    CHECK(std::get<mixer::RowsRule>(*rows->family).tiles == std::vector<int>{2, 4, 4});
    const auto& rule = std::get<mixer::StripRule>(*strip->family);
    CHECK(rule.side == mixer::StripRule::Side::Right);
    CHECK(rule.most == 4);
    CHECK(rule.big == Shows::Role);
    CHECK(rule.role == "host");
}

TEST_CASE("A file with rows to serve is a table, and nothing else is") {
    CHECK(mixer::is_table("[[serve]]\nlayout = 'grid'"));
    CHECK_FALSE(mixer::is_table("family = 'grid'"));
    CHECK_FALSE(mixer::is_table("[[serve"));
}

TEST_CASE("A row of a table may ask for content, a shape, a role and a size") {
    std::vector<LayoutError> errors;
    const auto capacity_of = [](std::string_view) { return 4; };

    const auto table = parse_table(
        "hold = 2.5\n[[serve]]\ncontent = true\ncanvas = 'portrait'\nviewer_role = 'host'\n"
        "lines = 360\ntiles = 3\nlayout = 'a'\n[[serve]]\nlayout = 'b'",
        "mine.toml", capacity_of, errors);

    REQUIRE(errors.empty());
    CHECK(table->name == "mine");
    CHECK(table->hold == std::chrono::milliseconds(2500));
    const mixer::ServeRow& row = table->rows[0];
    CHECK(row.content == true);
    CHECK(row.portrait == true);
    CHECK(row.viewer_role == "host");
    CHECK(row.most_lines == 360);
    CHECK(row.most_tiles == 3);
    CHECK_FALSE(table->rows[1].has_condition());
}

TEST_CASE("Every mistake in a layout file is named with its place, what was found and expected") {
    const std::string tile = "[[tile]]\nshows = 'slot'\nrect = ";
    const auto bad = GENERATE_COPY(values<BadFile>({
        {"family = 'grid",
         {"x.toml:1:15: Error while parsing literal string: encountered end-of-file"}},
        {"", {"x.toml:1:1: tile: found neither tiles nor a family, expected [[tile]] or 'family'"}},
        {"family = 'circle'",
         {"x.toml:1:10: family: found \"circle\", expected one of grid, one-plus-n, rows, "
          "side-by-side, strip"}},
        {"family = 3",
         {"x.toml:1:10: family: found 3, expected one of grid, one-plus-n, rows, side-by-side, "
          "strip"}},
        {"family = 'rows'", {"x.toml:1:1: 'rows' is missing"}},
        {"family = 'rows'\nrows = '4+2'",
         {"x.toml:2:8: rows: found \"4+2\", expected tiles per row such as \"2+4+4\": 2 to 8 rows "
          "of 1 to 12, none shorter than the first, 49 tiles in all"}},
        {"family = 'strip'\nside = 'middle'\nmost = 13\nbig = 'slot'\nrole = 'host'",
         {"x.toml:2:8: side: found \"middle\", expected one of bottom, top, left, right",
          "x.toml:3:8: most: found 13, expected an integer from 1 to 12",
          "x.toml:4:7: big: found \"slot\", expected one of speaker, pinned, role, content",
          "x.toml:5:8: role: found \"host\", expected no role beside anything but \"role\""}},
        {"family = 'grid'\n[[fewer]]\npeople = 2\nlayout = 'gird'\n[[fewer]]\npeople = 2\n"
         "layout = 'x'",
         {"x.toml:4:10: layout: found \"gird\", expected the name of a layout that exists",
          "x.toml:6:10: people: found 2, expected more than in the row before",
          "x.toml:7:10: layout: found \"x\", expected the name of another layout"}},
        {"family = 'grid'\nmost = 50",
         {"x.toml:2:8: most: found 50, expected an integer from 1 to 49"}},
        {"family = 'grid'\ncolour = 1",
         {"x.toml:2:1: unknown key 'colour'; known here: canvas, description, family, "
          "fewer, most, self_view, without_role"}},
        {"family = 'one-plus-n'", {"x.toml:1:1: 'n' is missing"}},
        {"family = 'one-plus-n'\nn = 16",
         {"x.toml:2:5: n: found 16, expected an integer from 1 to 15"}},
        {"family = 'grid'\n[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'slot'",
         {"x.toml:2:1: tile: found an array, expected either a family or tiles, not both"}},
        {"tile = 4", {"x.toml:1:8: tile: found 4, expected tables, each starting with [[tile]]"}},
        {"canvas = 1\nfamily = 'grid'",
         {"x.toml:1:10: canvas: found 1, expected a table: [canvas]"}},
        {"family = 'grid'\n[canvas]\naspect = '16:0'\ngap = -1\ngrid = [3]\nlabels = 1\n"
         "background = 'red'\nspeaker_border = '#12345g'",
         {"x.toml:3:10: aspect: found \"16:0\", expected \"any\", or width:height such as \"16:9\"",
          "x.toml:4:7: gap: found -1, expected a number from 0 to 100",
          "x.toml:5:8: grid: found [3], expected [columns, rows], whole numbers from 1 to 100",
          "x.toml:6:10: labels: found 1, expected true or false",
          "x.toml:7:14: background: found \"red\", expected a colour such as \"#1b1d23\"",
          "x.toml:8:18: speaker_border: found \"#12345g\", expected a colour such as \"#1b1d23\""}},
        {"family = 'grid'\n[canvas]\ngrid = [2.5, 2]",
         {"x.toml:3:8: grid: found [2.5, 2], expected [columns, rows], whole numbers from 1 to "
          "100"}},
        {"[[tile]]\nid = 'a'", {"x.toml:1:1: 'rect' is missing", "x.toml:1:1: 'shows' is missing"}},
        {"[[tile]]\nshows = 'slot'\nrect = [0, 0, 0, 1]",
         {"x.toml:3:8: rect: found [0, 0, 0, 1], expected a width and a height above zero"}},
        {"[[tile]]\nshows = 'slot'\nrect = [0.5, 0, 1, 1]",
         {"x.toml:3:8: rect: found [0.5, 0, 1, 1], expected a rectangle inside the canvas of 1 "
          "x 1 units"}},
        {"[[tile]]\nshows = 'slot'\nrect = [0, 0, nan, 1]",
         {"x.toml:3:8: rect: found [0, 0, nan, 1], expected [x, y, width, height] in grid "
          "units"}},
        {"[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'audience'\n[[tile]]\nrect = [0, 0, 1, 1]\n"
         "shows = 'role'",
         {"x.toml:3:9: shows: found \"audience\", expected one of slot, speaker, pinned, role, "
          "content, self",
          "x.toml:4:1: 'role' is missing"}},
        {"[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'slot'\npeople = [3, 2]\ncontent = 1",
         {"x.toml:4:10: people: found [3, 2], expected [at least, at most], whole numbers from 0 "
          "to 999, the first no larger than the second",
          "x.toml:5:11: content: found 1, expected true or false"}},
        {"[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'slot'\nrank = 2\nfit = 'zoom'\nz = 1.5\nrole = "
         "'host'\nseat = 1",
         {"x.toml:4:8: rank: found 2, expected no rank in a tile that shows no speaker, role or "
          "pinned one",
          "x.toml:5:7: fit: found \"zoom\", expected one of crop, letterbox",
          "x.toml:6:5: z: found 1.5, expected an integer from -1000 to 1000",
          "x.toml:7:8: role: found \"host\", expected no role beside anything but \"role\"",
          "x.toml:8:1: unknown key 'seat'; known here: border, content, fit, id, label, people, "
          "rank, rect, role, shows, z"}},
        {"[[tile]]\nid = 'a'\nrect = [0, 0, 1, 1]\nshows = 'speaker'\n"
         "[[tile]]\nid = 'a'\nrect = [0, 0, 1, 1]\nshows = 'speaker'\nrank = 1\n"
         "[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'self'\n"
         "[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'self'",
         {"x.toml:6:6: id: found \"a\", expected an id that no other tile has",
          "x.toml:9:8: rank: found 1, expected a rank that no other tile of its kind shows",
          "x.toml:15:9: shows: found \"self\", expected one tile at most that shows \"self\""}},
    }));
    CAPTURE(bad.toml);

    CHECK(layout_errors(bad.toml) == bad.errors);
}

TEST_CASE("A layout of more tiles than anybody can see is refused") {
    std::string toml;
    for (int i = 0; i < 101; ++i) toml += "[[tile]]\nrect = [0, 0, 1, 1]\nshows = 'slot'\n";

    CHECK(layout_errors(toml) ==
          std::vector<std::string>{"x.toml:1:1: tile: found 101 tiles, expected 100 at most"});
}

TEST_CASE("Every mistake in the auto table is named with its place") {
    const auto bad = GENERATE(values<BadFile>({
        {"[[serve]]\ntiles = 4\nlayout = 'four'", {}},
        {"serve = [[", {"auto.toml:1:11: Error while parsing array: encountered end-of-file"}},
        {"", {"auto.toml:1:1: serve: found no row, expected one [[serve]] at least"}},
        {"[[serve]]\ntiles = 3\nlayout = 'five'",
         {"auto.toml:3:10: layout: found \"five\", expected the name of a layout that exists"}},
        {"[[serve]]\ntiles = 5\nlayout = 'four'",
         {"auto.toml:2:9: tiles: found 5, expected 4 at most, as many as 'four' has"}},
        {"[[serve]]\ntiles = 4\nlayout = 'four'\n[[serve]]\ntiles = 3\nlayout = 'four'",
         {"auto.toml:5:9: tiles: found 3, expected no fewer than in the row before"}},
        {"[[serve]]", {"auto.toml:1:1: 'layout' is missing"}},
        {"[[serve]]\nlayout = 'four'\ncontent = true",
         {"auto.toml:2:10: layout: found a condition in the last row, expected none: it serves "
          "everybody else"}},
        {"hold = 100\n[[serve]]\ncanvas = 'round'\nlines = 10\nlayout = 'four'\n"
         "[[serve]]\nlayout = 'four'\nwho = 1",
         {"auto.toml:1:8: hold: found 100, expected a number from 0 to 60",
          "auto.toml:3:10: canvas: found \"round\", expected one of landscape, portrait",
          "auto.toml:4:9: lines: found 10, expected an integer from 90 to 1920",
          "auto.toml:8:1: unknown key 'who'; known here: canvas, content, layout, lines, tiles, "
          "viewer_role"}},
    }));
    CAPTURE(bad.toml);

    CHECK(table_errors(bad.toml) == bad.errors);
}

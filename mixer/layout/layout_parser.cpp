#include "mixer/layout/layout_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <string>

#include "common/toml_config.h"

namespace mixer {
namespace {

using common::TomlDocument;
using common::TomlSection;

constexpr int kMostGridLines = 100;
constexpr std::size_t kMostTiles = 100;
constexpr double kMostGapLines = 100;
constexpr double kGapCanvasLines = 1080;
constexpr double kMostHoldSeconds = 60;

/// "#rrggbb"
void read_color(TomlSection& canvas, std::string_view key, Color& color) {
    if (!canvas.has(key)) return;
    const std::string text = canvas.text(key, "#000000");
    std::uint32_t rgb = 0;
    bool good = text.size() == 7 && text.front() == '#';
    if (good) {
        const char* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data() + 1, end, rgb, 16);
        good = parsed.ec == std::errc() && parsed.ptr == end;
    }
    if (!good) canvas.mismatch(key, "a colour such as \"#1b1d23\"");
    color = {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8),
             static_cast<std::uint8_t>(rgb)};
}

/// "16:9" -> 1.78. Wider than 10:1 is a slip of the pen rather than a canvas.
std::optional<double> parse_aspect(std::string_view text) {
    int width = 0;
    int height = 0;
    const char* end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, width);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, height);
    if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
    if (width <= 0 || height <= 0 || width / 10 > height || height / 10 > width) {
        return std::nullopt;
    }
    return static_cast<double>(width) / height;
}

void read_aspect(TomlSection& canvas, std::optional<double>& aspect) {
    const std::string text = canvas.text("aspect", "any");
    if (text == "any") return;
    aspect = parse_aspect(text);
    if (!aspect) canvas.mismatch("aspect", "\"any\", or width:height such as \"16:9\"");
}

void read_grid(TomlSection& section, CanvasRule& canvas) {
    const std::string expected =
        "[columns, rows], whole numbers from 1 to " + std::to_string(kMostGridLines);
    const auto grid = section.numbers("grid", 2, expected);
    if (grid.empty()) return;
    const auto is_count = [](double lines) {
        return lines >= 1 && lines <= kMostGridLines && lines == std::floor(lines);
    };
    if (!std::ranges::all_of(grid, is_count)) {
        section.mismatch("grid", expected);
        return;
    }
    canvas.columns = static_cast<int>(grid[0]);
    canvas.rows = static_cast<int>(grid[1]);
}

CanvasRule read_canvas(TomlSection section) {
    CanvasRule canvas;
    read_aspect(section, canvas.aspect);
    read_grid(section, canvas);
    canvas.gap =
        section.number("gap", canvas.gap * kGapCanvasLines, 0, kMostGapLines) / kGapCanvasLines;
    read_color(section, "background", canvas.background);
    read_color(section, "speaker_border", canvas.speaker_border);
    canvas.labels = section.boolean("labels", canvas.labels);
    return canvas;
}

void read_rect(TomlSection& section, const CanvasRule& canvas, TileRule& tile) {
    section.require("rect");
    const auto rect = section.numbers("rect", 4, "[x, y, width, height] in grid units");
    if (rect.empty()) return;
    tile.cells = {rect[0], rect[1], rect[2], rect[3]};
    const UnitRect& cells = tile.cells;
    // Thinner than this, no even pixel is left at any size we encode.
    constexpr double kLeastCells = 0.01;
    if (cells.width < kLeastCells || cells.height < kLeastCells) {
        section.mismatch("rect", "a width and a height above zero");
    } else if (cells.x < 0 || cells.y < 0 || cells.x + cells.width > canvas.columns ||
               cells.y + cells.height > canvas.rows) {
        section.mismatch("rect", "a rectangle inside the canvas of " +
                                     std::to_string(canvas.columns) + " x " +
                                     std::to_string(canvas.rows) + " units");
    }
}

/// The rank of a tile whose kind has one, else a complaint.
int read_rank(TomlSection& section, Shows shows) {
    const auto rank = section.integer("rank", 1, 1, kMostGridTiles);
    if (shows == Shows::Speaker || shows == Shows::Pinned || shows == Shows::Role) {
        return static_cast<int>(rank);
    }
    if (section.has("rank")) {
        section.mismatch("rank", "no rank in a tile that shows no speaker, role or pinned one");
    }
    return 0;
}

std::string read_role(TomlSection& section, bool wanted) {
    const std::string role = section.text("role", "");
    if (!wanted && section.has("role")) {
        section.mismatch("role", "no role beside anything but \"role\"");
    } else if (wanted) {
        section.require("role");
        if (section.has("role") && role.empty())
            section.mismatch("role", "a role such as \"host\"");
    }
    return role;
}

void read_shows(TomlSection& section, TileRule& tile) {
    static constexpr std::array<std::string_view, 6> kWords{"slot", "speaker", "pinned",
                                                            "role", "content", "self"};
    section.require("shows");
    const std::string shows = section.choice("shows", "slot", kWords);
    tile.shows = static_cast<Shows>(std::ranges::find(kWords, shows) - kWords.begin());
    tile.rank = read_rank(section, tile.shows);
    tile.role = read_role(section, tile.shows == Shows::Role);
}

/// True, false, or not said.
std::optional<bool> read_switch(TomlSection& section, std::string_view key) {
    const bool value = section.boolean(key, false);
    return section.has(key) ? std::optional(value) : std::nullopt;
}

void read_condition(TomlSection& section, TileCondition& when) {
    const std::string expected = "[at least, at most], whole numbers from 0 to 999";
    const auto people = section.numbers("people", 2, expected);
    if (!people.empty()) {
        const bool whole = std::ranges::all_of(
            people, [](double n) { return n >= 0 && n <= 999 && n == std::floor(n); });
        if (!whole || people[0] > people[1]) {
            section.mismatch("people", expected + ", the first no larger than the second");
        } else {
            when.least_people = static_cast<int>(people[0]);
            when.most_people = static_cast<int>(people[1]);
        }
    }
    when.content = read_switch(section, "content");
}

TileRule read_tile(TomlSection& section, const CanvasRule& canvas) {
    static constexpr std::array<std::string_view, 2> kFits{"crop", "letterbox"};
    TileRule tile;
    tile.id = section.text("id", "");
    read_rect(section, canvas, tile);
    read_shows(section, tile);
    read_condition(section, tile.when);
    tile.z = static_cast<int>(section.integer("z", 0, -1000, 1000));
    // The edge of a slide is as good as its middle; the edge of a camera's picture is wallpaper.
    const bool content = tile.shows == Shows::Content;
    const std::string fit = section.choice("fit", content ? "letterbox" : "crop", kFits);
    tile.fit = fit == "crop" ? Fit::Crop : Fit::Letterbox;
    tile.label = section.boolean("label", true);
    tile.border = section.boolean("border", true);
    return tile;
}

/// Two tiles that are never there at once may be for the same person.
bool exclude(const TileCondition& a, const TileCondition& b) {
    return a.least_people > b.most_people || b.least_people > a.most_people ||
           (a.content && b.content && *a.content != *b.content);
}

/// What only one tile at a time may have: its id, its rank; and there is one self, one content.
void refuse_repetition(TomlSection& section, const TileRule& tile,
                       const std::vector<TileRule>& earlier) {
    for (const TileRule& other : earlier) {
        if (exclude(tile.when, other.when)) continue;
        if (!tile.id.empty() && tile.id == other.id) {
            section.mismatch("id", "an id that no other tile has");
        }
        if (tile.shows != other.shows || tile.shows == Shows::Slot) continue;
        if (tile.shows == Shows::Self || tile.shows == Shows::Content) {
            section.mismatch("shows", std::string("one tile at most that shows ") +
                                          (tile.shows == Shows::Self ? "\"self\"" : "\"content\""));
        } else if (tile.rank == other.rank && tile.role == other.role) {
            section.mismatch(section.has("rank") ? "rank" : "shows",
                             "a rank that no other tile of its kind shows");
        }
    }
}

void read_tiles(TomlSection& top, LayoutRule& layout) {
    if (!top.has("tile")) {
        top.problem("tile", "found neither tiles nor a family, expected [[tile]] or 'family'");
        return;
    }
    auto sections = top.sections("tile");
    if (sections.size() > kMostTiles) {
        top.problem("tile", "found " + std::to_string(sections.size()) + " tiles, expected " +
                                std::to_string(kMostTiles) + " at most");
        sections.resize(kMostTiles, sections.front());
    }
    for (TomlSection& section : sections) {
        TileRule tile = read_tile(section, layout.canvas);
        refuse_repetition(section, tile, layout.tiles);
        layout.self_view |= tile.shows == Shows::Self;
        layout.tiles.push_back(std::move(tile));
    }
}

/// "2+4+4" -> {2, 4, 4}; empty when it is nothing of the kind.
std::vector<int> parse_rows(std::string_view text) {
    constexpr std::size_t kMostRows = 8;
    std::vector<int> rows;
    const char* at = text.data();
    const char* end = at + text.size();
    while (rows.size() < kMostRows) {
        int tiles = 0;
        const auto parsed = std::from_chars(at, end, tiles);
        const bool fits = tiles >= 1 && tiles <= 12 && (rows.empty() || tiles >= rows.front());
        if (parsed.ec != std::errc() || !fits) return {};
        rows.push_back(tiles);
        if (parsed.ptr == end) break;
        if (*parsed.ptr != '+') return {};
        at = parsed.ptr + 1;
    }
    const int all = std::accumulate(rows.begin(), rows.end(), 0);
    return rows.size() < 2 || all > kMostGridTiles ? std::vector<int>() : rows;
}

RowsRule read_rows(TomlSection& top) {
    RowsRule rows{{1, 2}};
    top.require("rows");
    if (!top.has("rows")) return rows;
    const std::vector<int> read = parse_rows(top.text("rows", "1+2"));
    if (read.empty()) {
        top.mismatch("rows",
                     "tiles per row such as \"2+4+4\": 2 to 8 rows of 1 to 12, none "
                     "shorter than the first, 49 tiles in all");
    } else {
        rows.tiles = read;
    }
    return rows;
}

StripRule read_strip(TomlSection& top) {
    static constexpr std::array<std::string_view, 4> kSides{"bottom", "top", "left", "right"};
    static constexpr std::array<std::string_view, 4> kBig{"speaker", "pinned", "role", "content"};
    StripRule strip;
    const std::string side = top.choice("side", "bottom", kSides);
    strip.side = static_cast<StripRule::Side>(std::ranges::find(kSides, side) - kSides.begin());
    strip.most = static_cast<int>(top.integer("most", strip.most, 1, 12));
    const std::string big = top.choice("big", "speaker", kBig);
    constexpr std::array kShows{Shows::Speaker, Shows::Pinned, Shows::Role, Shows::Content};
    strip.big = kShows[static_cast<std::size_t>(std::ranges::find(kBig, big) - kBig.begin())];
    strip.role = read_role(top, strip.big == Shows::Role);
    return strip;
}

void read_family(TomlSection& top, LayoutRule& layout) {
    static constexpr std::array<std::string_view, 5> kFamilies{"grid", "one-plus-n", "rows",
                                                               "side-by-side", "strip"};
    const std::string family = top.choice("family", "", kFamilies);
    if (top.has("tile")) top.mismatch("tile", "either a family or tiles, not both");
    layout.self_view = family != "side-by-side";
    if (family == "grid") {
        const auto most = top.integer("most", kMostGridTiles, 1, kMostGridTiles);
        layout.family = GridRule{.most = static_cast<int>(most), .narrowest = {}};
    } else if (family == "side-by-side") {
        // Half a wide canvas would cut a camera's picture to a strip; 4:3 keeps the shoulders and
        // fills two thirds.
        layout.family = GridRule{.most = 2, .narrowest = 4.0 / 3.0};
    } else if (family == "one-plus-n") {
        top.require("n");
        layout.family = OnePlusRule{static_cast<int>(top.integer("n", 5, 1, 15))};
    } else if (family == "rows") {
        layout.family = read_rows(top);
    } else if (family == "strip") {
        layout.family = read_strip(top);
    }
}

void read_fewer(TomlSection& top, const IsLayout& is_layout, LayoutRule& layout) {
    for (TomlSection& row : top.sections("fewer")) {
        row.require("people");
        row.require("layout");
        FewerRow fewer;
        fewer.most_people = static_cast<int>(row.integer("people", 1, 1, kMostGridTiles));
        fewer.layout = row.text("layout", "");
        if (!layout.fewer.empty() && fewer.most_people <= layout.fewer.back().most_people) {
            row.mismatch("people", "more than in the row before");
        }
        if (!is_layout(fewer.layout)) {
            row.mismatch("layout", "the name of a layout that exists");
        } else if (fewer.layout == layout.name) {
            row.mismatch("layout", "the name of another layout");
        }
        layout.fewer.push_back(std::move(fewer));
    }
}

/// Copies the document's problems to `errors`; true if there were any.
[[nodiscard]] bool refused(const TomlDocument& document, std::vector<LayoutError>& errors) {
    const auto problems = document.problems();
    for (const auto& problem : problems) {
        errors.push_back({problem.file, static_cast<int>(problem.line),
                          static_cast<int>(problem.column), problem.message});
    }
    return !problems.empty();
}

bool same_conditions(const ServeRow& a, const ServeRow& b) {
    return a.content == b.content && a.portrait == b.portrait && a.viewer_role == b.viewer_role &&
           a.most_lines == b.most_lines;
}

ServeRow read_serve(TomlSection& section, const CapacityOf& capacity_of,
                    const std::vector<ServeRow>& earlier) {
    static constexpr std::array<std::string_view, 2> kShapes{"landscape", "portrait"};
    ServeRow row;
    section.require("layout");
    row.layout = section.text("layout", "");
    row.content = read_switch(section, "content");
    const std::string canvas = section.choice("canvas", "", kShapes);
    if (!canvas.empty()) row.portrait = canvas == "portrait";
    row.viewer_role = section.text("viewer_role", "");
    row.most_lines = static_cast<int>(section.integer("lines", INT_MAX, 90, 1920));
    row.most_tiles = static_cast<int>(section.integer("tiles", INT_MAX, 1, kMostGridTiles));
    const int capacity = capacity_of(row.layout);
    if (section.has("layout") && capacity < 0) {
        section.mismatch("layout", "the name of a layout that exists");
    } else if (section.has("tiles") && capacity < row.most_tiles) {
        section.mismatch(
            "tiles", std::to_string(capacity) + " at most, as many as '" + row.layout + "' has");
    }
    if (!earlier.empty() && same_conditions(earlier.back(), row) &&
        row.most_tiles < earlier.back().most_tiles) {
        section.mismatch("tiles", "no fewer than in the row before");
    }
    return row;
}

}  // namespace

bool is_table(std::string_view toml) {
    TomlDocument document = TomlDocument::parse(toml, "");
    TomlSection top = document.root();
    return top.has("serve") && !top.has("tile") && !top.has("family");
}

std::optional<LayoutRule> parse_layout(std::string_view toml, std::string_view file_name,
                                       const IsLayout& is_layout,
                                       std::vector<LayoutError>& errors) {
    TomlDocument document = TomlDocument::parse(toml, std::string(file_name));
    // After a syntax error the document is empty, and whatever else we said would be said of
    // nothing.
    if (refused(document, errors)) return std::nullopt;
    LayoutRule layout;
    layout.name = std::filesystem::path(file_name).stem().string();
    TomlSection top = document.root();
    layout.description = top.text("description", "");
    layout.canvas = read_canvas(top.section("canvas"));
    if (top.has("family")) {
        read_family(top, layout);
    } else {
        read_tiles(top, layout);
    }
    layout.self_view = top.boolean("self_view", layout.self_view);
    layout.without_role = top.text("without_role", "");
    read_fewer(top, is_layout, layout);
    document.reject_unknown_keys();
    if (refused(document, errors)) return std::nullopt;
    return layout;
}

std::optional<ServeTable> parse_table(std::string_view toml, std::string_view file_name,
                                      const CapacityOf& capacity_of,
                                      std::vector<LayoutError>& errors) {
    TomlDocument document = TomlDocument::parse(toml, std::string(file_name));
    if (refused(document, errors)) return std::nullopt;
    ServeTable table;
    table.name = std::filesystem::path(file_name).stem().string();
    TomlSection top = document.root();
    table.description = top.text("description", "");
    table.hold = std::chrono::milliseconds(
        static_cast<std::int64_t>(1000 * top.number("hold", 5, 0, kMostHoldSeconds)));
    auto sections = top.sections("serve");
    if (sections.empty()) top.problem("serve", "found no row, expected one [[serve]] at least");
    for (TomlSection& section : sections) {
        table.rows.push_back(read_serve(section, capacity_of, table.rows));
    }
    if (!table.rows.empty() && table.rows.back().has_condition()) {
        sections.back().problem(
            "layout", "found a condition in the last row, expected none: it serves everybody else");
    }
    document.reject_unknown_keys();
    if (refused(document, errors)) return std::nullopt;
    return table;
}

}  // namespace mixer

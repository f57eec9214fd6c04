#include "mixer/layout/layout_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
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

void read_shows(TomlSection& section, TileRule& tile) {
    static constexpr std::array<std::string_view, 3> kWords{"slot", "speaker", "self"};
    section.require("shows");
    const std::string shows = section.choice("shows", "slot", kWords);
    if (shows == "self") tile.shows = Shows::Self;
    if (shows == "speaker") tile.shows = Shows::Speaker;

    const auto rank = section.integer("rank", 1, 1, kMostGridTiles);
    if (tile.shows == Shows::Speaker) {
        tile.rank = static_cast<int>(rank);
    } else if (section.has("rank")) {
        section.mismatch("rank", "no rank in a tile that does not show a speaker");
    }
}

TileRule read_tile(TomlSection& section, const CanvasRule& canvas) {
    static constexpr std::array<std::string_view, 2> kFits{"crop", "letterbox"};
    TileRule tile;
    tile.id = section.text("id", "");
    read_rect(section, canvas, tile);
    read_shows(section, tile);
    tile.z = static_cast<int>(section.integer("z", 0, -1000, 1000));
    if (section.choice("fit", "crop", kFits) == "letterbox") tile.fit = Fit::Letterbox;
    tile.label = section.boolean("label", true);
    tile.border = section.boolean("border", true);
    return tile;
}

/// What only one tile may have: its id, its rank; and there is one self.
void refuse_repetition(TomlSection& section, const TileRule& tile,
                       const std::vector<TileRule>& earlier) {
    for (const TileRule& other : earlier) {
        if (!tile.id.empty() && tile.id == other.id) {
            section.mismatch("id", "an id that no other tile has");
        }
        if (tile.shows != other.shows) continue;
        if (tile.shows == Shows::Self) {
            section.mismatch("shows", "one tile at most that shows \"self\"");
        } else if (tile.shows == Shows::Speaker && tile.rank == other.rank) {
            section.mismatch(section.has("rank") ? "rank" : "shows",
                             "a speaker rank that no other tile shows");
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

/// One big tile in the corner of a square grid, the others to its right and below it: 5 -> 3x3, 7
/// -> 4x4.
void draw_one_plus(int others, LayoutRule& layout) {
    const int lines = (others + 1) / 2;
    layout.canvas.columns = lines;
    layout.canvas.rows = lines;
    const auto square = [](int x, int y, int size) {
        TileRule tile;
        tile.cells = {static_cast<double>(x), static_cast<double>(y), static_cast<double>(size),
                      static_cast<double>(size)};
        return tile;
    };
    layout.tiles = {square(0, 0, lines - 1)};
    layout.tiles.front().shows = Shows::Speaker;
    layout.tiles.front().rank = 1;
    for (int y = 0; y < lines; ++y) layout.tiles.push_back(square(lines - 1, y, 1));
    for (int x = 0; x < lines - 1; ++x) layout.tiles.push_back(square(x, lines - 1, 1));
}

void read_family(TomlSection& top, LayoutRule& layout) {
    static constexpr std::array<std::string_view, 3> kFamilies{"grid", "one-plus-n",
                                                               "side-by-side"};
    const std::string family = top.choice("family", "", kFamilies);
    if (top.has("tile")) top.mismatch("tile", "either a family or tiles, not both");
    if (family == "grid") {
        const auto most = top.integer("most", kMostGridTiles, 1, kMostGridTiles);
        layout.grid = GridRule{.most = static_cast<int>(most)};
        layout.self_view = true;
    } else if (family == "side-by-side") {
        // Half a wide canvas would cut a camera's picture to a strip; 4:3 keeps the shoulders and
        // fills two thirds.
        layout.grid = GridRule{.most = 2, .tile_aspect = 4.0 / 3.0};
    } else if (family == "one-plus-n") {
        top.require("n");
        const auto others = top.integer("n", 5, 3, 15);
        if (others % 2 == 0) top.mismatch("n", "an odd number: the small tiles form an L");
        draw_one_plus(static_cast<int>(others), layout);
        layout.self_view = true;
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

}  // namespace

std::optional<LayoutRule> parse_layout(std::string_view toml, std::string_view file_name,
                                       std::vector<LayoutError>& errors) {
    TomlDocument document = TomlDocument::parse(toml, std::string(file_name));
    // After a syntax error the document is empty, and whatever else we said would be said of
    // nothing.
    if (refused(document, errors)) return std::nullopt;
    LayoutRule layout;
    layout.name = std::filesystem::path(file_name).stem().string();
    TomlSection top = document.root();
    layout.canvas = read_canvas(top.section("canvas"));
    if (top.has("family")) {
        read_family(top, layout);
    } else {
        read_tiles(top, layout);
    }
    layout.self_view = top.boolean("self_view", layout.self_view);
    document.reject_unknown_keys();
    if (refused(document, errors)) return std::nullopt;
    return layout;
}

std::optional<AutoTable> parse_auto_table(std::string_view toml, std::string_view file_name,
                                          const CapacityOf& capacity_of,
                                          std::vector<LayoutError>& errors) {
    TomlDocument document = TomlDocument::parse(toml, std::string(file_name));
    // After a syntax error the document is empty, and whatever else we said would be said of
    // nothing.
    if (refused(document, errors)) return std::nullopt;
    AutoTable table;
    TomlSection top = document.root();
    auto rows = top.sections("serve");
    if (rows.empty()) top.problem("serve", "found no row, expected one [[serve]] at least");
    for (TomlSection& row : rows) {
        row.require("tiles");
        row.require("layout");
        const int tiles = static_cast<int>(row.integer("tiles", 1, 1, kMostGridTiles));
        const std::string layout = row.text("layout", "");
        const int capacity = capacity_of(layout);
        if (!table.rows.empty() && tiles < table.rows.back().most_tiles) {
            row.mismatch("tiles", "no fewer than in the row before");
        }
        if (capacity == 0) {
            row.mismatch("layout", "the name of a layout that exists");
        } else if (capacity < tiles) {
            row.mismatch("tiles",
                         std::to_string(capacity) + " at most, as many as '" + layout + "' has");
        }
        table.rows.push_back({tiles, layout});
    }
    document.reject_unknown_keys();
    if (refused(document, errors)) return std::nullopt;
    return table;
}

}  // namespace mixer

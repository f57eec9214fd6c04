#include "mixer/layout/family_geometry.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mixer {
namespace {

constexpr double kCamera = 16.0 / 9.0;

/// How far a camera's picture may be cut to fill a tile: the narrowest and the widest tile, width /
/// height. A grid is cut less than the one big tile, where faces are large and in the middle.
struct ShapeLimits {
    double narrowest, widest;
};
ShapeLimits small_limits(double canvas_aspect) {
    return {canvas_aspect < 1 ? 4.0 / 3 : 3.0 / 2, kCamera};
}
ShapeLimits big_limits(double canvas_aspect) {
    return {canvas_aspect < 1 ? 3.0 / 4 : 4.0 / 3, 2.0};
}

/// The largest area of a shape within `limits` that fits into `room`, in its middle.
Area fitted(const Area& room, ShapeLimits limits) {
    Area area = room;
    area.width = std::min(room.width, room.height * limits.widest);
    area.height = std::min(room.height, room.width / limits.narrowest);
    area.x += (room.width - area.width) / 2;
    area.y += (room.height - area.height) / 2;
    return area;
}

/// What is left of `length` for each of `count` tiles, with a gap between them and at both ends.
double share(double length, int count, double gap) {
    return (length - (count + 1) * gap) / count;
}

/// The length of `count` tiles and the gaps between them.
double run(int count, double size, double gap) {
    return count * (size + gap) - gap;
}

/// Gaps take at most a tenth of the canvas where `lines` tiles stand side by side or in a column.
double bounded_gap(double gap, int lines, double aspect) {
    return std::min(gap, std::min(aspect, 1.0) / 10 / (lines + 1));
}

FamilyTile slot(const Area& area) {
    return {area, TileRule{}};
}

FamilyTile speaker(const Area& area, int rank) {
    FamilyTile tile{area, TileRule{}};
    tile.rule.shows = Shows::Speaker;
    tile.rule.rank = rank;
    return tile;
}

/// Alone, a picture needs no frame: it takes the canvas as far as a camera's shapes go. Nor does it
/// need a border, as there is nobody else to tell it from.
FamilyTile alone(double aspect, FamilyTile tile = {}) {
    const double narrowest = aspect < 1 ? big_limits(aspect).narrowest : std::min(aspect, 4.0 / 3);
    tile.area = fitted({0, 0, aspect, 1}, {narrowest, kCamera});
    tile.rule.border = false;
    return tile;
}

// ---- grid

struct GridShape {
    int columns = 1;
    double width = 0;
    double height = 0;
};

GridShape shape_with(int columns, int count, double aspect, double gap, double narrowest) {
    const int rows = (count + columns - 1) / columns;
    const Area room{0, 0, share(aspect, columns, gap), share(1, rows, gap)};
    if (room.width <= 0 || room.height <= 0) return {columns, 0, 0};
    const Area tile = fitted(room, {narrowest, kCamera});
    return {columns, tile.width, tile.height};
}

/// The rows x columns whose tiles are largest; of equals the one with fewer rows, as faces sit side
/// by side.
GridShape best_shape(int count, double aspect, double gap, double narrowest) {
    GridShape best;
    for (int columns = count; columns >= 1; --columns) {
        const GridShape shape = shape_with(columns, count, aspect, gap, narrowest);
        constexpr double kTie = 1e-9;
        if (shape.width * shape.height > best.width * best.height + kTie) best = shape;
    }
    return best;
}

/// The block of tiles is centred, and so is its last row when it is not full.
std::vector<Area> grid_areas(int count, double aspect, double gap, double narrowest) {
    if (count == 0) return {};
    const GridShape shape = best_shape(count, aspect, gap, narrowest);
    const int rows = (count + shape.columns - 1) / shape.columns;
    const double top = (1 - run(rows, shape.height, gap)) / 2;
    std::vector<Area> areas;
    for (int i = 0; i < count; ++i) {
        const int row = i / shape.columns;
        const int in_row = std::min(shape.columns, count - row * shape.columns);
        const double left = (aspect - run(in_row, shape.width, gap)) / 2;
        areas.push_back({left + (i % shape.columns) * (shape.width + gap),
                         top + row * (shape.height + gap), shape.width, shape.height});
    }
    return areas;
}

std::vector<FamilyTile> tiles_of(const GridRule& grid, int people_count, double aspect,
                                 double gap) {
    if (people_count == 1) return {alone(aspect)};
    const int lines = static_cast<int>(std::ceil(std::sqrt(people_count)));
    const double fine = bounded_gap(gap, lines, aspect);
    const double narrowest = grid.narrowest.value_or(small_limits(aspect).narrowest);
    std::vector<FamilyTile> tiles;
    for (const Area& area : grid_areas(people_count, aspect, fine, narrowest)) {
        tiles.push_back(slot(area));
    }
    return tiles;
}

// ---- one-plus-n

/// Up to four others stand in a column of a quarter of the width, which fits three of 4:3 and four
/// of 16:9 to the pixel; beside them a big tile of 4:3 fills the rest of a 16:9 canvas.
std::vector<FamilyTile> with_column(int others, double aspect, double gap) {
    const double column_width = (aspect - 3 * gap) / 4;
    const Area big =
        fitted({gap, gap, aspect - column_width - 3 * gap, 1 - 2 * gap}, big_limits(aspect));
    const double height = std::min(share(1, others, gap), column_width * 3 / 4);
    const double top = (1 - run(others, height, gap)) / 2;
    const double left = (aspect + big.width + gap - column_width) / 2;
    std::vector<FamilyTile> tiles{
        speaker({left - gap - big.width, big.y, big.width, big.height}, 1)};
    for (int i = 0; i < others; ++i) {
        tiles.push_back(slot({left, top + i * (height + gap), column_width, height}));
    }
    return tiles;
}

/// Five and more: the right column and the bottom row of a square grid, whose rest is the big tile.
/// The row is centred under it where one is missing.
std::vector<FamilyTile> with_l(int others, double aspect, double gap) {
    const int lines = (others + 2) / 2;
    const double width = share(aspect, lines, gap);
    const double height = share(1, lines, gap);
    const double right = gap + (lines - 1) * (width + gap);
    const double below = gap + (lines - 1) * (height + gap);
    std::vector<FamilyTile> tiles{
        speaker({gap, gap, run(lines - 1, width, gap), run(lines - 1, height, gap)}, 1)};
    for (int y = 0; y < lines - 1; ++y) {
        tiles.push_back(slot({right, gap + y * (height + gap), width, height}));
    }
    const int in_row = others - lines;
    const double left = gap + (run(lines - 1, width, gap) - run(in_row, width, gap)) / 2;
    for (int x = 0; x < in_row; ++x) {
        tiles.push_back(slot({left + x * (width + gap), below, width, height}));
    }
    tiles.push_back(slot({right, below, width, height}));
    return tiles;
}

std::vector<FamilyTile> tiles_of(const OnePlusRule& rule, int people_count, double aspect,
                                 double gap) {
    if (people_count == 0) return {};
    if (people_count == 1) return {alone(aspect, speaker({}, 1))};
    const int others = std::min(people_count - 1, rule.others);
    const double fine = bounded_gap(gap, std::max(4, (others + 2) / 2), aspect);
    return others <= 4 ? with_column(others, aspect, fine) : with_l(others, aspect, fine);
}

// ---- rows

/// First row, and rows of at most `columns` below it, all as wide as fits.
struct RowShape {
    int first = 1;
    int columns = 1;
    int rows = 0;  ///< below the first
    double first_width = 0, first_height = 0;
    double width = 0, height = 0;
    double total_height = 0;

    [[nodiscard]] double area(int others) const {
        return first * first_width * first_height + others * width * height;
    }
};

RowShape row_shape(int first, int columns, int others, double aspect, double gap) {
    RowShape shape{.first = first, .columns = columns, .rows = (others + columns - 1) / columns};
    const double widest_first = share(aspect, first, gap);
    const double widest = share(aspect, columns, gap);
    const double room = 1 - (shape.rows + 2) * gap;
    const double natural = (widest_first + shape.rows * widest) / kCamera;
    // Too high: all narrower. Too low: all cut at the sides as far as one may.
    const double shrink = std::min(1.0, room / natural);
    const double stretch =
        std::clamp(room / natural, 1.0, kCamera / small_limits(aspect).narrowest);
    shape.first_width = widest_first * shrink;
    shape.width = widest * shrink;
    shape.first_height = shape.first_width / kCamera * stretch;
    shape.height = shape.width / kCamera * stretch;
    shape.total_height = shape.first_height + shape.rows * (shape.height + gap);
    return shape;
}

/// As many rows below the first as show most.
RowShape best_rows(const RowsRule& rule, int others, double aspect, double gap) {
    const int first = rule.tiles.front();
    const int most_rows = static_cast<int>(rule.tiles.size()) - 1;
    const int most_columns = *std::ranges::max_element(rule.tiles);
    // On a wide canvas the small tiles are smaller than the big ones, unless the file wants rows of
    // one length ("4+4"); a tall one would stay empty.
    const int fewest = aspect < 1 ? first : std::min(first + 1, most_columns);
    RowShape best;
    for (int rows = 1; rows <= std::min(most_rows, others); ++rows) {
        const int columns = std::max(fewest, (others + rows - 1) / rows);
        if (columns > most_columns) continue;
        const RowShape shape = row_shape(first, columns, others, aspect, gap);
        if (best.rows == 0 || shape.area(others) > best.area(others)) best = shape;
    }
    return best;
}

std::vector<FamilyTile> tiles_of(const RowsRule& rule, int people_count, double aspect,
                                 double wanted_gap) {
    const int first = rule.tiles.front();
    const int lines =
        std::max(static_cast<int>(rule.tiles.size()), *std::ranges::max_element(rule.tiles));
    const double gap = bounded_gap(wanted_gap, lines, aspect);
    if (people_count == 1) return {alone(aspect, speaker({}, 1))};
    std::vector<FamilyTile> tiles;
    if (people_count <= first) {
        const double narrowest = aspect < 1 ? small_limits(aspect).narrowest : 4.0 / 3;
        for (const Area& area : grid_areas(people_count, aspect, gap, narrowest)) {
            tiles.push_back(speaker(area, static_cast<int>(tiles.size()) + 1));
        }
        return tiles;
    }
    const int others = people_count - first;
    const RowShape shape = best_rows(rule, others, aspect, gap);
    double y = (1 - shape.total_height) / 2;
    double x = (aspect - run(first, shape.first_width, gap)) / 2;
    for (int i = 0; i < first; ++i, x += shape.first_width + gap) {
        tiles.push_back(speaker({x, y, shape.first_width, shape.first_height}, i + 1));
    }
    y += shape.first_height + gap;
    for (int done = 0; done < others; y += shape.height + gap) {
        const int in_row = std::min(shape.columns, others - done);
        x = (aspect - run(in_row, shape.width, gap)) / 2;
        for (int i = 0; i < in_row; ++i, ++done, x += shape.width + gap) {
            tiles.push_back(slot({x, y, shape.width, shape.height}));
        }
    }
    return tiles;
}

// ---- strip

bool is_flat(StripRule::Side side) {
    return side == StripRule::Side::Bottom || side == StripRule::Side::Top;
}

/// The big tile at the left or above; the strip right of it or below.
struct StripShape {
    Area big;
    Area strip;
    double width = 0, height = 0;  ///< of a small tile
};

/// A small tile takes a fifth of the canvas at most: the strip is for recognising people, the big
/// tile for looking at.
constexpr double kStripShare = 0.2;

StripShape flat_strip(int count, double aspect, double gap, ShapeLimits limits) {
    StripShape shape;
    shape.height = std::min((1 - 3 * gap) * kStripShare, share(aspect, count, gap) / kCamera);
    shape.width = shape.height * kCamera;
    const Area room{gap, gap, aspect - 2 * gap, 1 - shape.height - 3 * gap};
    shape.big = fitted(room, limits);
    const double top = (1 - shape.big.height - gap - shape.height) / 2;
    shape.big.y = top;
    const double length = run(count, shape.width, gap);
    shape.strip = {(aspect - length) / 2, top + shape.big.height + gap, length, shape.height};
    return shape;
}

StripShape tall_strip(int count, double aspect, double gap, ShapeLimits limits) {
    StripShape shape;
    shape.width = std::min((aspect - 3 * gap) * kStripShare, share(1, count, gap) * kCamera);
    shape.height = shape.width / kCamera;
    const Area room{gap, gap, aspect - shape.width - 3 * gap, 1 - 2 * gap};
    shape.big = fitted(room, limits);
    const double left = (aspect - shape.big.width - gap - shape.width) / 2;
    shape.big.x = left;
    const double length = run(count, shape.height, gap);
    shape.strip = {left + shape.big.width + gap, (1 - length) / 2, shape.width, length};
    return shape;
}

std::vector<FamilyTile> tiles_of(const StripRule& rule, int people_count, double aspect,
                                 double wanted_gap) {
    const double gap = bounded_gap(wanted_gap, std::max(rule.most, 2), aspect);
    const bool content = rule.big == Shows::Content;
    TileRule big;
    big.shows = rule.big;
    big.rank = content ? 0 : 1;
    big.role = rule.role;
    if (content) {
        big.fit = Fit::Letterbox;
        big.label = false;  // it would lie on the slide
    }
    const int count = std::min(content ? people_count : people_count - 1, rule.most);
    if (count <= 0 && content) return {{{0, 0, aspect, 1}, big}};
    if (count <= 0) return {alone(aspect, {{}, big})};

    // Content is never cut: a tile of a screen's shape leaves no bars.
    const ShapeLimits limits = content ? ShapeLimits{kCamera, kCamera} : big_limits(aspect);
    const bool flat = is_flat(rule.side);
    StripShape shape =
        flat ? flat_strip(count, aspect, gap, limits) : tall_strip(count, aspect, gap, limits);
    if (rule.side == StripRule::Side::Top) {
        shape.big.y = 1 - shape.big.y - shape.big.height;
        shape.strip.y = 1 - shape.strip.y - shape.strip.height;
    } else if (rule.side == StripRule::Side::Left) {
        shape.big.x = aspect - shape.big.x - shape.big.width;
        shape.strip.x = aspect - shape.strip.x - shape.strip.width;
    }
    std::vector<FamilyTile> tiles{{shape.big, big}};
    for (int i = 0; i < count; ++i) {
        const double along = i * ((flat ? shape.width : shape.height) + gap);
        tiles.push_back(slot({shape.strip.x + (flat ? along : 0),
                              shape.strip.y + (flat ? 0 : along), shape.width, shape.height}));
    }
    return tiles;
}

}  // namespace

int capacity(const Family& family) {
    struct {
        int operator()(const GridRule& grid) const { return grid.most; }
        int operator()(const OnePlusRule& rule) const { return rule.others + 1; }
        int operator()(const RowsRule& rule) const {
            return std::accumulate(rule.tiles.begin(), rule.tiles.end(), 0);
        }
        int operator()(const StripRule& rule) const {
            return rule.most + (rule.big == Shows::Content ? 0 : 1);
        }
    } count;
    return std::visit(count, family);
}

std::vector<FamilyTile> family_tiles(const Family& family, int people_count, double aspect,
                                     double gap) {
    const int shown_count = std::min(people_count, capacity(family));
    return std::visit([&](const auto& rule) { return tiles_of(rule, shown_count, aspect, gap); },
                      family);
}

}  // namespace mixer

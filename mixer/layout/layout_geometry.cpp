#include "mixer/layout/layout_geometry.h"

#include <algorithm>

#include "common/invariant.h"

// Lengths in this file are in canvas heights, so that a square is a square; place_tiles alone turns
// them into fractions of the width.

namespace mixer {
namespace {

struct Area {
    double x = 0, y = 0, width = 0, height = 0;
};

struct GridShape {
    int columns = 1;
    int rows = 1;
    double tile_width = 0;
    double tile_height = 0;
};

/// What is left of `length` for each of `count` tiles, with a gap between them and at both ends.
double share(double length, int count, double gap) {
    return (length - (count + 1) * gap) / count;
}

GridShape shape_with(int columns, int people_count, double aspect, double gap, double tile_aspect) {
    GridShape shape{.columns = columns, .rows = (people_count + columns - 1) / columns};
    shape.tile_width =
        std::min(share(aspect, shape.columns, gap), tile_aspect * share(1, shape.rows, gap));
    shape.tile_height = shape.tile_width / tile_aspect;
    return shape;
}

/// The rows x columns whose tiles are largest; of equals the one with fewer rows, as faces sit side
/// by side.
GridShape best_shape(int people_count, double aspect, double gap, double tile_aspect) {
    GridShape best;
    for (int columns = people_count; columns >= 1; --columns) {
        const GridShape shape = shape_with(columns, people_count, aspect, gap, tile_aspect);
        constexpr double kTie = 1e-9;
        if (shape.tile_width > best.tile_width + kTie) best = shape;
    }
    return best;
}

/// The block of tiles is centred, and so is its last row when it is not full.
std::vector<Area> grid_areas(const GridRule& grid, int people_count, double aspect, double gap) {
    if (people_count == 0) return {};
    if (people_count == 1) {
        // Alone, a picture needs no frame: it takes the canvas as far as a camera's shapes go.
        const double alone = std::clamp(aspect, 4.0 / 3.0, 16.0 / 9.0);
        const double width = std::min(aspect, alone);
        const double height = width / alone;
        return {{(aspect - width) / 2, (1 - height) / 2, width, height}};
    }
    const GridShape shape = best_shape(people_count, aspect, gap, grid.tile_aspect);
    const auto block = [gap](int count, double size) { return count * (size + gap) - gap; };
    const double top = (1 - block(shape.rows, shape.tile_height)) / 2;
    std::vector<Area> areas;
    for (int i = 0; i < people_count; ++i) {
        const int row = i / shape.columns;
        const int in_row = std::min(shape.columns, people_count - row * shape.columns);
        const double left = (aspect - block(in_row, shape.tile_width)) / 2;
        areas.push_back({left + (i % shape.columns) * (shape.tile_width + gap),
                         top + row * (shape.tile_height + gap), shape.tile_width,
                         shape.tile_height});
    }
    return areas;
}

/// The part of the canvas that a layout drawn for another shape uses: all of it, or its middle.
Area drawing_area(const CanvasRule& canvas, double aspect) {
    const double drawn = canvas.aspect.value_or(aspect);
    const double width = std::min(aspect, drawn);
    const double height = width / drawn;
    return {(aspect - width) / 2, (1 - height) / 2, width, height};
}

/// Grid lines run through the middle of the gaps, so that a tile of two cells is as wide as two
/// tiles and their gap.
Area cell_area(const CanvasRule& canvas, const Area& drawing, const UnitRect& cells) {
    // A fine grid has lines closer than the gap; no tile may vanish in it.
    const double narrowest = std::min(cells.width * drawing.width / canvas.columns,
                                      cells.height * drawing.height / canvas.rows);
    const double gap = std::min(canvas.gap, narrowest / 2);
    const double column = (drawing.width - gap) / canvas.columns;
    const double row = (drawing.height - gap) / canvas.rows;
    return {drawing.x + gap + cells.x * column, drawing.y + gap + cells.y * row,
            cells.width * column - gap, cells.height * row - gap};
}

UnitRect in_fractions(const Area& area, double aspect) {
    UnitRect rect{area.x / aspect, area.y, area.width / aspect, area.height};
    // Rounding may leave a tile a hair outside.
    rect.x = std::clamp(rect.x, 0.0, 1.0);
    rect.y = std::clamp(rect.y, 0.0, 1.0);
    rect.width = std::min(rect.width, 1 - rect.x);
    rect.height = std::min(rect.height, 1 - rect.y);
    return rect;
}

}  // namespace

int capacity(const LayoutRule& layout) {
    if (layout.grid) return layout.grid->most;
    return static_cast<int>(std::ranges::count_if(
        layout.tiles, [](const TileRule& tile) { return tile.shows != Shows::Self; }));
}

std::vector<PlacedTile> place_tiles(const LayoutRule& layout, int people_count, double aspect) {
    INVARIANT(people_count >= 0);
    INVARIANT(aspect > 0);
    std::vector<PlacedTile> placed;
    if (layout.grid) {
        const int shown_count = std::min(people_count, layout.grid->most);
        // At most a tenth of the canvas for the gaps of a large grid.
        const double gap =
            std::min(layout.canvas.gap, std::min(aspect, 1.0) / 10 / (shown_count + 1));
        for (const Area& area : grid_areas(*layout.grid, shown_count, aspect, gap)) {
            placed.push_back({in_fractions(area, aspect), TileRule{}});
        }
        return placed;
    }
    const Area drawing = drawing_area(layout.canvas, aspect);
    for (const TileRule& tile : layout.tiles) {
        placed.push_back(
            {in_fractions(cell_area(layout.canvas, drawing, tile.cells), aspect), tile});
    }
    return placed;
}

}  // namespace mixer

#include "mixer/layout/layout_geometry.h"

#include <algorithm>
#include <utility>

#include "common/invariant.h"
#include "mixer/layout/family_geometry.h"

// Lengths in this file are in canvas heights, so that a square is a square; place_tiles alone turns
// them into fractions of the width.

namespace mixer {
namespace {

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
    // Rounding may leave the last bit outside.
    rect.width = std::min(rect.width, 1 - rect.x);
    rect.height = std::min(rect.height, 1 - rect.y);
    return rect;
}

bool holds(const TileCondition& when, int people_count, bool content_on) {
    return people_count >= when.least_people && people_count <= when.most_people &&
           when.content.value_or(content_on) == content_on;
}

bool is_for_people(const TileRule& tile, bool content_on) {
    return tile.shows != Shows::Self && (tile.shows != Shows::Content || !content_on);
}

int people_tiles(const LayoutRule& layout, int people_count, bool content_on) {
    return static_cast<int>(std::ranges::count_if(layout.tiles, [&](const TileRule& tile) {
        return is_for_people(tile, content_on) && holds(tile.when, people_count, content_on);
    }));
}

/// While there is no content, its place is a speaker's.
Family family_for(const LayoutRule& layout, bool content_on) {
    Family family = *layout.family;
    auto* strip = std::get_if<StripRule>(&family);
    if (strip != nullptr && strip->big == Shows::Content && !content_on) {
        strip->big = Shows::Speaker;
    }
    return family;
}

std::vector<PlacedTile> place_family(const LayoutRule& layout, int people_count, double aspect,
                                     bool content_on) {
    const Area drawing = drawing_area(layout.canvas, aspect);
    const double scale = drawing.height;
    std::vector<PlacedTile> placed;
    for (const FamilyTile& tile : family_tiles(family_for(layout, content_on), people_count,
                                               drawing.width / scale, layout.canvas.gap / scale)) {
        const Area area{drawing.x + tile.area.x * scale, drawing.y + tile.area.y * scale,
                        tile.area.width * scale, tile.area.height * scale};
        placed.push_back({in_fractions(area, aspect), tile.rule});
    }
    return placed;
}

}  // namespace

int capacity(const LayoutRule& layout) {
    if (layout.family) return capacity(*layout.family);
    // With conditions, a tile more for one count may be a tile less for another.
    int most = 0;
    for (int people_count = 1; std::cmp_less_equal(people_count, layout.tiles.size());
         ++people_count) {
        for (const bool content_on : {false, true}) {
            const int tiles = people_tiles(layout, people_count, content_on);
            most = std::max(most, std::min(tiles, people_count));
        }
    }
    return most;
}

std::vector<PlacedTile> place_tiles(const LayoutRule& layout, int people_count, double aspect,
                                    bool content_on) {
    INVARIANT(people_count >= 0);
    INVARIANT(aspect > 0);
    if (layout.family) return place_family(layout, people_count, aspect, content_on);
    std::vector<PlacedTile> placed;
    const Area drawing = drawing_area(layout.canvas, aspect);
    for (const TileRule& tile : layout.tiles) {
        if (!holds(tile.when, people_count, content_on)) continue;
        placed.push_back(
            {in_fractions(cell_area(layout.canvas, drawing, tile.cells), aspect), tile});
    }
    return placed;
}

}  // namespace mixer

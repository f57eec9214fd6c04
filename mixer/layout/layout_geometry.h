#pragma once

#include <vector>

#include "mixer/layout/layout_rule.h"

namespace mixer {

/// A tile of a rule placed on a canvas: `rect` in fractions of it, gaps taken out.
struct PlacedTile {
    UnitRect rect;
    TileRule rule;
};

/// How many people a layout can show (its `self` tile not counted, `content` only while there is
/// none).
[[nodiscard]] int capacity(const LayoutRule& layout);

/// The tiles for `people_count` people on a canvas of `aspect` (width / height, above zero). A
/// family has one tile for each of them, up to its capacity; a drawn layout has those of its tiles
/// whose conditions hold. Every rectangle has a size and lies inside the canvas.
[[nodiscard]] std::vector<PlacedTile> place_tiles(const LayoutRule& layout, int people_count,
                                                  double aspect, bool content_on = false);

}  // namespace mixer

#pragma once

#include <vector>

#include "mixer/layout/layout_rule.h"

namespace mixer {

/// A rectangle in canvas heights, so that a square is a square.
struct Area {
    double x = 0, y = 0, width = 0, height = 0;
};

/// A tile that a family made: where it is and what it is for.
struct FamilyTile {
    Area area;
    TileRule rule;
};

/// How many people a family can show.
[[nodiscard]] int capacity(const Family& family);

/// The tiles for `people_count` people (at most its capacity count) on a canvas 1 high and `aspect`
/// wide, with gaps of `gap`. They do not overlap, keep a camera's shape as far as they can, and
/// what they leave free is shared out evenly around them.
[[nodiscard]] std::vector<FamilyTile> family_tiles(const Family& family, int people_count,
                                                   double aspect, double gap);

}  // namespace mixer

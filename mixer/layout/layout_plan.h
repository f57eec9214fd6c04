#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "common/ids.h"

namespace mixer {

enum class Fit : std::uint8_t { Crop, Letterbox };

/// A rectangle in fractions of the canvas (0..1); gaps are already taken out.
struct UnitRect {
    double x = 0, y = 0, width = 0, height = 0;
    friend bool operator==(const UnitRect&, const UnitRect&) = default;
};

struct Color {
    std::uint8_t red = 0, green = 0, blue = 0;
    friend bool operator==(const Color&, const Color&) = default;
};

/// One rectangle of a plan: what is in it and what is drawn over it. Painted in order of `z`, then
/// of index.
struct Tile {
    UnitRect rect;
    int z = 0;
    Fit fit = Fit::Crop;
    common::SourceId source;  ///< none: an empty slot (drawn as background)
    std::string label;        ///< the name, UTF-8; empty: no label
    bool muted = false;       ///< draw the muted mark beside the name
    bool speaking = false;    ///< draw the active-speaker border
    Color avatar_color;       ///< behind the initials while there is no picture
    std::string initials;     ///< at most two letters
    friend bool operator==(const Tile&, const Tile&) = default;
};

/// A layout resolved for one viewer: which source is in which tile. It says *what is shown*, never
/// at what size or rate: two viewers with equal plans see the same picture, so it is the key by
/// which Views are matched (architecture.md, section 2: PictureKey).
struct LayoutPlan {
    std::string layout;  ///< the layout's name, for people
    Color background;
    Color speaker_border;
    double aspect = 16.0 / 9.0;
    std::vector<Tile> tiles;
    friend bool operator==(const LayoutPlan&, const LayoutPlan&) = default;
};

using PictureKey = LayoutPlan;

}  // namespace mixer

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mixer/layout/layout_plan.h"

namespace mixer {

/// What a tile of a layout is for.
enum class Shows : std::uint8_t {
    Slot,     ///< anybody: keeps its seat while it can
    Speaker,  ///< the `rank`-th of those who are to be seen first
    Self,     ///< the viewer
};

/// One tile as drawn in a layout file.
struct TileRule {
    std::string id;
    UnitRect cells;  ///< in grid units, inside CanvasRule::columns x rows
    int z = 0;
    Fit fit = Fit::Crop;
    bool label = true;
    bool border = true;
    Shows shows = Shows::Slot;
    int rank = 0;  ///< Shows::Speaker only: 1 is the most recent speaker
};

/// What lies under and between the tiles.
struct CanvasRule {
    std::optional<double>
        aspect;  ///< drawn for this shape and centred in others; none: fills any canvas
    int columns = 1;
    int rows = 1;
    double gap =
        12.0 / 1080;  ///< between tiles and around them, as a fraction of the canvas height
    Color background{0x14, 0x16, 0x1b};
    Color speaker_border{0x4c, 0xc2, 0xff};
    bool labels = true;
};

/// A grid of equal tiles, as many as there are people.
struct GridRule {
    int most = 49;
    double tile_aspect = 16.0 / 9.0;
};

/// One layout file, checked: the rule from which plans are made.
struct LayoutRule {
    std::string name;  ///< the file's name without `.toml`
    CanvasRule canvas;
    bool self_view = false;        ///< whether viewers see themselves unless they asked otherwise
    std::optional<GridRule> grid;  ///< either this,
    std::vector<TileRule> tiles;   ///< or these
};

/// A line of the auto table: `layout` serves viewers who need at most `most_tiles`.
struct AutoRow {
    int most_tiles = 0;
    std::string layout;
};

/// auto.toml, in order: the first row that is large enough serves, the last one serves the rest.
struct AutoTable {
    std::vector<AutoRow> rows;
};

inline constexpr int kMostGridTiles = 49;
inline constexpr std::string_view kAutoLayout = "auto";

}  // namespace mixer

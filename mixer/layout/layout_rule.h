#pragma once

#include <chrono>
#include <climits>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/units.h"
#include "mixer/layout/layout_plan.h"

namespace mixer {

inline constexpr int kMostGridTiles = 49;
inline constexpr std::string_view kAutoLayout = "auto";

/// What a tile of a layout is for.
enum class Shows : std::uint8_t {
    Slot,     ///< anybody: keeps its seat while it can
    Speaker,  ///< the `rank`-th of those who are to be seen first
    Pinned,   ///< the `rank`-th who is pinned; while there is none, who came first
    Role,     ///< the `rank`-th of a role; while there is none, rank 1 shows a speaker
    Content,  ///< what somebody presents; while there is nothing, a speaker
    Self,     ///< the viewer
};

/// When a tile is there.
struct TileCondition {
    int least_people = 0;  ///< of those who are to be shown, seat or no seat
    int most_people = INT_MAX;
    std::optional<bool> content;  ///< whether somebody presents; none: either way
    friend bool operator==(const TileCondition&, const TileCondition&) = default;
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
    int rank = 0;      ///< Shows::Speaker, Pinned and Role only, from 1
    std::string role;  ///< Shows::Role only
    TileCondition when;
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

/// Equal tiles, as many as there are people.
struct GridRule {
    int most = kMostGridTiles;
    /// Width / height of the tiles: as wide as a camera's picture, or cut as far as this where that
    /// makes them larger. None: 3:2 on a wide canvas, 4:3 on a tall one.
    std::optional<double> narrowest;
};

/// One big tile for the speaker and up to `others` small ones: beside it while few, in an L later.
struct OnePlusRule {
    int others = 5;
};

/// Rows of equal tiles, the first one for the speakers; as many of the others as are needed.
struct RowsRule {
    std::vector<int> tiles;  ///< per row, from above; the first has fewest
};

/// One big tile, and up to `most` small ones along one edge of the canvas.
struct StripRule {
    enum class Side : std::uint8_t { Bottom, Top, Left, Right };
    Side side = Side::Bottom;
    int most = 6;
    Shows big = Shows::Speaker;  ///< or Content, Pinned, Role
    std::string role;            ///< of a big tile for a role
};

/// A layout that follows a rule instead of a drawing.
using Family = std::variant<GridRule, OnePlusRule, RowsRule, StripRule>;

/// With at most `most_people` to show, `layout` takes the place of the one that says so.
struct FewerRow {
    int most_people = 0;
    std::string layout;
};

/// One layout file, checked: the rule from which plans are made.
struct LayoutRule {
    std::string name;         ///< the file's name without `.toml`
    std::string description;  ///< one line for people
    CanvasRule canvas;
    bool self_view = false;        ///< whether viewers see themselves unless they asked otherwise
    std::string without_role;      ///< people of this role are not shown; empty: everybody may be
    std::optional<Family> family;  ///< either this,
    std::vector<TileRule> tiles;   ///< or these
    std::vector<FewerRow> fewer;   ///< rising
};

/// A line of a table: `layout` serves viewers who need at most `most_tiles`, where all else holds.
struct ServeRow {
    int most_tiles = INT_MAX;
    std::string layout;
    std::optional<bool> content;   ///< somebody presents, or nobody does
    std::optional<bool> portrait;  ///< the viewer's canvas is taller than wide, or not
    std::string viewer_role;       ///< the viewer has this role; empty: whoever
    int most_lines = INT_MAX;      ///< the viewer's picture has at most so many lines

    [[nodiscard]] bool has_condition() const {
        return content || portrait || !viewer_role.empty() || most_lines != INT_MAX;
    }
};

/// auto.toml, or another file of rows. In order: the first row that holds and is large enough
/// serves; when none is, the last one that holds.
struct ServeTable {
    std::string name;
    std::string description;
    /// Who left within this time still counts for the choice: nobody's picture is turned over for
    /// one who drops out and dials in again.
    common::Duration hold = std::chrono::seconds(5);
    std::vector<ServeRow> rows;
};

}  // namespace mixer

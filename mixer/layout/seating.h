#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "mixer/layout/layout_book.h"
#include "mixer/layout/layout_geometry.h"

namespace mixer {

/// The people a viewer may see, those first who are to be seen first: pinned, then recent speakers,
/// then who sends a picture, then by arrival. `hidden` (none: nobody) is left out.
[[nodiscard]] std::vector<const Candidate*> by_importance(const LayoutRequest& request,
                                                          common::SourceId hidden);

/// Who could be seated, and what they may keep.
struct Guests {
    std::span<const Candidate* const> people;  ///< by importance
    std::span<const common::SourceId> pinned;  ///< in order
    const Candidate* self = nullptr;           ///< for the self tile; may be null
    const Candidate* content = nullptr;        ///< for the content tile; may be null
    const LayoutPlan* previous = nullptr;      ///< may be null
};

/// Who sits in which tile; null: empty. First the tiles for a role, for the pinned and for content
/// while there is none (a speaker takes it), then speaker tiles by rank. Of the others, as many as
/// there are slots, everybody keeps the seat of the previous plan while that tile exists; newcomers
/// take what is free.
[[nodiscard]] std::vector<const Candidate*> seat(std::span<const PlacedTile> tiles,
                                                 const Guests& guests,
                                                 std::string_view layout_name);

}  // namespace mixer

#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "mixer/layout/layout_book.h"
#include "mixer/layout/layout_geometry.h"

namespace mixer {

/// The people a viewer may see, those first who are to be seen first: pinned, then recent speakers,
/// then by arrival. `hidden` (none: nobody) is left out.
[[nodiscard]] std::vector<const Candidate*> by_importance(const LayoutRequest& request,
                                                          common::SourceId hidden);

/// Who sits in which tile; null: empty. Speaker tiles follow importance by rank. Of the others, as
/// many as there are slots, everybody keeps the seat of the `previous` plan while that tile exists;
/// newcomers take what is free. `self` (may be null) sits in the self tile.
[[nodiscard]] std::vector<const Candidate*> seat(std::span<const PlacedTile> tiles,
                                                 std::span<const Candidate* const> people,
                                                 const Candidate* self,
                                                 std::string_view layout_name,
                                                 const LayoutPlan* previous);

}  // namespace mixer

#pragma once

#include <optional>
#include <span>
#include <vector>

#include "common/result.h"
#include "mixer/encode/encoder_stage.h"

namespace mixer {

/// The rungs a viewer may have, best first: upright where `needs.max_size` is, shrunk into it, at
/// rates that divide the tick's, and only those that the peer's limits allow. Fails with
/// `Unsupported`, naming the limit that the smallest one exceeds.
[[nodiscard]] common::Result<std::vector<Rung>> rungs_for(std::span<const Rung> table,
                                                          const StreamNeeds& needs,
                                                          int ticks_per_second);

/// The best of `allowed` (not empty, best first) within the budget; the smallest when none is. No
/// budget: the best.
[[nodiscard]] const Rung& best_rung(std::span<const Rung> allowed,
                                    std::optional<common::Bitrate> budget);

/// Those of at most `lines` (0: of any), best first; the smallest when there is none.
[[nodiscard]] std::vector<Rung> no_larger_than(std::span<const Rung> allowed, int lines);

/// A rung, and how many viewers of a View would have it.
struct RungWish {
    Rung rung;
    int viewers = 1;
};
/// The bitrates of at most `most` (at least 1) of the rungs wished for, so that the fewest viewers
/// go down, each to the next that is kept. The lowest stays: who has it can take no other.
[[nodiscard]] std::vector<common::Bitrate> kept_rungs(std::vector<RungWish> wishes, int most);

}  // namespace mixer

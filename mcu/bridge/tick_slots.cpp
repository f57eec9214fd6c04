#include "mcu/bridge/tick_slots.h"

#include <algorithm>
#include <cstdlib>

#include "common/invariant.h"

namespace mcu {

TickSlots::TickSlots(int count) : costs_(static_cast<std::size_t>(count)) {
    INVARIANT(count >= 1 && count <= kMost);
}

/// What lies near weighs more, by the square: the first few come to lie evenly around the tick.
std::int64_t TickSlots::crowding(int slot) const {
    std::int64_t sum = 0;
    for (int other = 0; other < count(); ++other) {
        const int apart = std::abs(other - slot);
        const int near = count() - 2 * std::min(apart, count() - apart);
        sum += costs_[static_cast<std::size_t>(other)] * near * near;
    }
    return sum;
}

int TickSlots::take(std::int64_t cost) {
    int best = 0;
    std::int64_t least = crowding(0);
    for (int slot = 1; slot < count(); ++slot) {
        const std::int64_t crowd = crowding(slot);
        if (crowd >= least) continue;
        best = slot;
        least = crowd;
    }
    costs_[static_cast<std::size_t>(best)] += cost;
    return best;
}

void TickSlots::give_back(int slot, std::int64_t cost) {
    std::int64_t& taken = costs_.at(static_cast<std::size_t>(slot));
    INVARIANT(taken >= cost);
    taken -= cost;
}

}  // namespace mcu

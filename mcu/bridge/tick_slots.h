#pragma once

#include <cstdint>
#include <vector>

namespace mcu {

/// Spreads the canvases of a node over the video tick, so that their encoders do not all begin at
/// the same moment and then wait for each other.
///
/// Shape:  a tick of 1/30 s has `count` slots of equal length; a canvas is drawn in the same
///         slot of every tick, for as long as it is there: its pictures stay evenly spaced.
/// Thread: control thread.
class TickSlots {
  public:
    static constexpr int kMost = 32;
    explicit TickSlots(int count);

    /// The slot that is farthest from what others encode. `cost`: in any unit, the same for all.
    [[nodiscard]] int take(std::int64_t cost);
    void give_back(int slot, std::int64_t cost);
    [[nodiscard]] int count() const { return static_cast<int>(costs_.size()); }

  private:
    [[nodiscard]] std::int64_t crowding(int slot) const;

    std::vector<std::int64_t> costs_;  ///< by slot
};

}  // namespace mcu

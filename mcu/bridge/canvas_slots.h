#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "mcu/bridge/bridge_video.h"
#include "mcu/bridge/tick_slots.h"

namespace mcu {

/// The slots of one bridge's canvases.
///
/// Thread: control thread.
/// Owner:  borrows the node's slots, and gives back what it has.
class CanvasSlots {
  public:
    explicit CanvasSlots(TickSlots& slots) : slots_(slots) {}
    ~CanvasSlots();
    CanvasSlots(const CanvasSlots&) = delete;
    CanvasSlots& operator=(const CanvasSlots&) = delete;

    /// Gives each drawing the slot that its canvas has, or a new one, and takes back those of
    /// canvases that are not among them.
    void assign(std::vector<VideoPlan::Drawing>& drawings);

  private:
    struct Taken {
        int slot = 0;
        std::int64_t cost = 0;
    };
    TickSlots& slots_;
    std::map<mixer::CanvasId, Taken> taken_;
};

}  // namespace mcu

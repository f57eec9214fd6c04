#include "mcu/bridge/canvas_slots.h"

#include <utility>

namespace mcu {

CanvasSlots::~CanvasSlots() {
    for (const auto& [canvas, taken] : taken_) slots_.give_back(taken.slot, taken.cost);
}

void CanvasSlots::assign(std::vector<VideoPlan::Drawing>& drawings) {
    std::map<mixer::CanvasId, Taken> kept;
    std::vector<VideoPlan::Drawing*> fresh;
    for (VideoPlan::Drawing& drawing : drawings) {
        if (auto node = taken_.extract(drawing.canvas)) {
            drawing.slot = node.mapped().slot;
            kept.insert(std::move(node));
        } else {
            fresh.push_back(&drawing);
        }
    }
    for (const auto& [canvas, taken] : taken_) slots_.give_back(taken.slot, taken.cost);
    taken_ = std::move(kept);
    for (VideoPlan::Drawing* drawing : fresh) {
        const common::PictureSize size = drawing->scene->size;
        const std::int64_t cost = std::int64_t{size.width} * size.height / drawing->tick_divisor;
        drawing->slot = slots_.take(cost);
        taken_.emplace(drawing->canvas, Taken{drawing->slot, cost});
    }
}

}  // namespace mcu

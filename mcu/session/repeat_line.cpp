#include "mcu/session/repeat_line.h"

#include <algorithm>

#include "common/invariant.h"

namespace mcu {

void RepeatLine::keep(std::span<const std::uint8_t> packet) {
    INVARIANT(count_ < kSlots && packet.size() <= kPacketBufferBytes);
    Slot& slot = slots_[(first_ + count_) % kSlots];
    std::ranges::copy(packet, slot.storage.begin());
    slot.bytes = packet.size();
    ++count_;
}

std::span<const std::uint8_t> RepeatLine::take() {
    INVARIANT(count_ > 0);
    const Slot& slot = slots_[first_];
    first_ = (first_ + 1) % kSlots;
    --count_;
    if (older_ > 0) --older_;
    return std::span(slot.storage).first(slot.bytes);
}

}  // namespace mcu

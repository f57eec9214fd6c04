#include "mixer/audio/packet_inbox.h"

#include "common/invariant.h"

namespace mixer {

void PacketInbox::IndexRing::put(Index index) {
    const std::uint32_t at = tail.load(std::memory_order_relaxed);
    cells[at % kSlots].store(index, std::memory_order_relaxed);
    tail.store(at + 1, std::memory_order_release);
}

PacketInbox::Index PacketInbox::IndexRing::pop() {
    std::uint32_t at = head.load(std::memory_order_acquire);
    while (at != tail.load(std::memory_order_acquire)) {
        // A cell is written again only after the head has passed it; then the exchange fails.
        const Index index = cells[at % kSlots].load(std::memory_order_relaxed);
        if (head.compare_exchange_weak(at, at + 1, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
            return index;
        }
    }
    return kNone;
}

PacketInbox::PacketInbox() : slots_(std::make_unique<std::array<PacketSlot, kSlots>>()) {
    for (std::size_t i = 0; i < kSlots; ++i) free_.put(static_cast<Index>(i));
}

PacketInbox::Index PacketInbox::index_of(const PacketSlot& slot) const {
    const auto index = &slot - slots_->data();
    INVARIANT(index >= 0 && static_cast<std::size_t>(index) < kSlots);
    return static_cast<Index>(index);
}

PacketInbox::Write PacketInbox::begin_write() {
    if (const Index index = free_.pop(); index != kNone) return {&(*slots_)[index], false};
    if (const Index index = waiting_.pop(); index != kNone) return {&(*slots_)[index], true};
    // Between the two looks the taker may have emptied the one ring into the other.
    if (const Index index = free_.pop(); index != kNone) return {&(*slots_)[index], false};
    return {};
}

void PacketInbox::finish_write(PacketSlot& slot) {
    waiting_.put(index_of(slot));
}

PacketSlot* PacketInbox::take() {
    const Index index = waiting_.pop();
    return index == kNone ? nullptr : &(*slots_)[index];
}

void PacketInbox::give_back(PacketSlot& slot) {
    free_.put(index_of(slot));
}

}  // namespace mixer

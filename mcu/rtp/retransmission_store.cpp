#include "mcu/rtp/retransmission_store.h"

#include <algorithm>

namespace mcu {

using common::Duration;
using common::Timestamp;

void RetransmissionStore::keep(std::span<const std::uint8_t> packet, std::uint16_t sequence,
                               Timestamp now) {
    Slot& slot = slots_[sequence % kCapacity];
    slot.packet.assign(packet.begin(), packet.end());
    slot.sequence = sequence;
    slot.sent = now;
    slot.sent_again.reset();
    credit_bytes_ = std::min(credit_bytes_ + packet.size(), kMostCreditBytes);
}

std::optional<std::span<const std::uint8_t>> RetransmissionStore::take(std::uint16_t sequence,
                                                                       Timestamp now,
                                                                       Duration round_trip) {
    Slot& slot = slots_[sequence % kCapacity];
    if (slot.packet.empty() || slot.sequence != sequence || now - slot.sent > kLongestKept) {
        ++counters_.not_kept;
        return std::nullopt;
    }
    if (slot.sent_again && now - *slot.sent_again < round_trip) {
        ++counters_.too_soon;
        return std::nullopt;
    }
    if (credit_bytes_ < slot.packet.size()) {
        ++counters_.no_credit;
        return std::nullopt;
    }
    credit_bytes_ -= slot.packet.size();
    slot.sent_again = now;
    ++counters_.sent_again;
    return slot.packet;
}

std::optional<Duration> RetransmissionStore::age(std::uint16_t sequence, Timestamp now) const {
    const Slot& slot = slots_[sequence % kCapacity];
    if (slot.packet.empty() || slot.sequence != sequence || slot.sent_again) return std::nullopt;
    return now - slot.sent;
}

void RetransmissionStore::clear() {
    for (Slot& slot : slots_) slot.packet.clear();
    credit_bytes_ = 0;
}

}  // namespace mcu

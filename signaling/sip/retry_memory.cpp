#include "signaling/sip/retry_memory.h"

namespace signaling {
namespace {

constexpr std::size_t kSlots = 65'536;

// Wraps after 49 days, as do differences.
std::uint32_t in_ms(common::Duration time) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace

bool RetryMemory::is_again(std::uint64_t request_hash, common::Timestamp now) {
    if (slots_.empty()) slots_.resize(kSlots);
    Slot& slot = slots_[request_hash % kSlots];
    const auto tag = static_cast<std::uint32_t>(request_hash >> 32U) | 1U;
    const std::uint32_t now_ms = in_ms(now.since_epoch());
    const std::uint32_t age_ms = now_ms - slot.at_ms;
    if (slot.tag == tag && age_ms <= in_ms(kLatest)) return age_ms >= in_ms(kSoonest);
    slot = {tag, now_ms};
    return false;
}

}  // namespace signaling

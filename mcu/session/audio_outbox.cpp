#include "mcu/session/audio_outbox.h"

#include <algorithm>

namespace mcu {

void AudioOutbox::on_audio(std::span<const std::uint8_t> payload, common::Timestamp media_time) {
    if (payload.empty()) {
        silent_ = true;
        return;
    }
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kSlots || payload.size() > kSlotBytes) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    Slot& slot = slots_[tail % kSlots];
    slot.media_time = media_time;
    slot.talk_spurt_start = silent_;
    slot.byte_count = payload.size();
    std::ranges::copy(payload, slot.bytes.begin());
    silent_ = false;
    tail_.store(tail + 1, std::memory_order_release);
    wakeup_.notify();
}

}  // namespace mcu

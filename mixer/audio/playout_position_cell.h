#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "mixer/audio/audio_playout.h"

namespace mixer {

/// Shows a PlayoutPosition to other threads, whole, without a lock: a sequence lock whose number is
/// odd while it is written.
///
/// Thread: `store`, `clear` audio tick alone; `load` any.
class PlayoutPositionCell {
  public:
    void store(const PlayoutPosition& position) {
        // Released one by one: who sees any of them sees that the number is odd.
        number_.fetch_add(1, std::memory_order_relaxed);
        rtp_time_.store(position.rtp_time, std::memory_order_release);
        clock_hz_.store(position.clock_hz, std::memory_order_release);
        at_ns_.store(position.at.since_epoch().count(), std::memory_order_release);
        number_.fetch_add(1, std::memory_order_release);
    }
    void clear() { store({}); }
    /// Nothing while there is none, or when it was written three times during the look.
    [[nodiscard]] std::optional<PlayoutPosition> load() const {
        for (int tries = 0; tries < 3; ++tries) {
            const std::uint32_t before = number_.load(std::memory_order_acquire);
            const PlayoutPosition position{
                rtp_time_.load(std::memory_order_acquire),
                clock_hz_.load(std::memory_order_acquire),
                common::Timestamp::from_ns(at_ns_.load(std::memory_order_acquire))};
            if ((before & 1U) != 0 || number_.load(std::memory_order_relaxed) != before) continue;
            if (position.clock_hz == 0) return std::nullopt;
            return position;
        }
        return std::nullopt;
    }

  private:
    std::atomic<std::uint32_t> number_{0};
    std::atomic<std::uint32_t> rtp_time_{0};
    std::atomic<int> clock_hz_{0};
    std::atomic<std::int64_t> at_ns_{0};
};

}  // namespace mixer

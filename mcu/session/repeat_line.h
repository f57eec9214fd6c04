#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mcu/rtp/packet_pool.h"

namespace mcu {

/// Packets that are to go out again, each a little behind the first time, so that one burst of
/// losses does not take both: behind the next picture, but never behind more than kMostBehind
/// packets that came after it. Room systems order packets within some packets or tens of
/// milliseconds (baresip 1.0: five packets), and what comes later helps nobody.
///
/// Thread: net thread alone. Never allocates.
class RepeatLine {
  public:
    static constexpr std::size_t kMostBehind = 3;

    /// What was kept so far is of pictures before.
    void begin_picture() { older_ = count_; }
    /// Take what is due first.
    void keep(std::span<const std::uint8_t> packet);

    /// So many came after the oldest that its time has come.
    [[nodiscard]] bool has_due() const { return count_ > kMostBehind; }
    /// The oldest is of a picture before: its time comes when this picture is out.
    [[nodiscard]] bool has_older() const { return older_ > 0; }
    /// The oldest. Valid until the next `keep`.
    [[nodiscard]] std::span<const std::uint8_t> take();
    [[nodiscard]] std::span<const std::uint8_t> newest() const {
        const Slot& slot = slots_[(first_ + count_ - 1) % kSlots];
        return std::span(slot.storage).first(slot.bytes);
    }
    void clear() { count_ = older_ = 0; }

  private:
    struct Slot {
        std::array<std::uint8_t, kPacketBufferBytes> storage;
        std::size_t bytes = 0;
    };

    static constexpr std::size_t kSlots = kMostBehind + 1;
    std::array<Slot, kSlots> slots_;
    std::size_t first_ = 0, count_ = 0;
    std::size_t older_ = 0;  ///< of `count_`, the first ones
};

}  // namespace mcu

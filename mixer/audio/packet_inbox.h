#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "common/media_types.h"
#include "common/units.h"
#include "mixer/audio/arrival_watch.h"

namespace mixer {

/// One sound packet waiting in a slot of its own.
struct PacketSlot {
    static constexpr std::size_t kMaxPayloadBytes = 1500;

    common::AudioCodec codec = common::AudioCodec::Opus;
    std::uint16_t sequence = 0;
    std::uint32_t rtp_time = 0;
    std::uint32_t generation = 0;  ///< of the stream; see AudioPlayout::reset
    common::Timestamp arrival;
    std::optional<float> said_dbfs;
    ArrivalWatch::Place place;  ///< the audio tick's
    std::size_t payload_bytes = 0;
    std::array<std::uint8_t, kMaxPayloadBytes> bytes{};

    [[nodiscard]] std::span<const std::uint8_t> payload() const {
        return std::span(bytes).first(payload_bytes);
    }
};

/// Hands packets from the net thread to the audio tick through a fixed set of slots, without a
/// lock: a net thread that is interrupted half way must not hold up the tick.
///
/// Shape:  64 slots. A slot is the writer's, waiting, or the taker's; its index travels between
/// them. Thread: `begin_write`, `finish_write` one thread (net); `take`, `give_back` another (audio
/// tick). Full:   the writer takes the oldest waiting slot; with none waiting there is none to
/// write to.
class PacketInbox {
  public:
    static constexpr std::size_t kSlots = 64;

    PacketInbox();

    struct Write {
        PacketSlot* slot = nullptr;
        bool evicted = false;  ///< the oldest waiting packet went for it
    };
    /// The slot is the caller's to fill until `finish_write`. Null: the taker holds all.
    [[nodiscard]] Write begin_write();
    void finish_write(PacketSlot& slot);

    /// The packet that has waited longest; null when none does. Give it back when done.
    [[nodiscard]] PacketSlot* take();
    void give_back(PacketSlot& slot);

  private:
    using Index = std::uint8_t;
    static constexpr Index kNone = 0xff;

    /// A ring of slot indices that never holds more than there are slots, so it is never full. Its
    /// counters run on and wrap at 2^32. Only the head is contested: whoever moves it owns the
    /// index.
    struct IndexRing {
        std::array<std::atomic<Index>, kSlots> cells{};
        std::atomic<std::uint32_t> head{0};
        std::atomic<std::uint32_t> tail{0};
        void put(Index index);
        Index pop();
    };

    [[nodiscard]] Index index_of(const PacketSlot& slot) const;

    std::unique_ptr<std::array<PacketSlot, kSlots>> slots_;
    IndexRing waiting_;
    IndexRing free_;
};

}  // namespace mixer

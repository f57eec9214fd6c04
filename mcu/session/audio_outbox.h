#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "common/units.h"
#include "mcu/transport/net_thread.h"
#include "mixer/encode/audio_encode_stage.h"

namespace mcu {

/// One encoded sound frame on its way to the net thread.
struct OutgoingAudio {
    common::Timestamp media_time;
    bool talk_spurt_start = false;  ///< the first one, or the first after DTX: the marker
    std::span<const std::uint8_t> payload;
};

/// Takes encoded sound from the audio tick to the net thread: a ring of slots made beforehand.
///
/// Thread: `on_audio` audio tick alone: copies, wakes, allocates nothing. `take` net thread alone.
/// Full:   the newest frame goes, counted: kSlots frames are 160 ms, and a net thread that far
///         behind has lost anyway.
class AudioOutbox final : public mixer::AudioSink {
  public:
    static constexpr std::size_t kSlots = 8;
    static constexpr std::size_t kSlotBytes = 1400;

    explicit AudioOutbox(Wakeup& wakeup) : wakeup_(wakeup) {}

    void on_audio(std::span<const std::uint8_t> payload, common::Timestamp media_time) override;
    /// Hands each waiting frame to `use(const OutgoingAudio&)`, oldest first.
    template <typename Use>
    void take(Use&& use) {
        std::uint32_t head = head_.load(std::memory_order_relaxed);
        while (head != tail_.load(std::memory_order_acquire)) {
            const Slot& slot = slots_[head % kSlots];
            use(OutgoingAudio{slot.media_time, slot.talk_spurt_start,
                              std::span(slot.bytes).first(slot.byte_count)});
            head_.store(++head, std::memory_order_release);
        }
    }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  private:
    struct Slot {
        common::Timestamp media_time;
        bool talk_spurt_start = false;
        std::size_t byte_count = 0;
        std::array<std::uint8_t, kSlotBytes> bytes;
    };
    Wakeup& wakeup_;
    bool silent_ = true;  ///< audio tick's: nothing was sent last
    std::array<Slot, kSlots> slots_{};
    std::atomic<std::uint32_t> head_{0}, tail_{0};
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace mcu

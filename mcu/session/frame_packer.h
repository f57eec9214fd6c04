#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "common/units.h"
#include "mcu/session/audio_outbox.h"

namespace mcu {

/// Cuts 20 ms of G.711 or G.722 into packets of 10 ms, or puts two or three together, as a peer
/// wants them (RFC 8866 6.4, ptime and maxptime). Both codecs have eight bytes a millisecond.
///
/// Thread: net thread.
class FramePacker {
  public:
    /// 10, 20, 40 or 60: the longest that is no longer than `ptime_ms`; 20 where 0 is said.
    [[nodiscard]] static int packet_ms(std::uint32_t ptime_ms);

    /// Hands what is complete to `use(const OutgoingAudio&)`. What waits for more when the peer
    /// wants another length, or silence came between, is left out.
    template <typename Use>
    void pack(const OutgoingAudio& frame, int packet_ms, Use&& use) {
        if (packet_ms == kHalfMs && frame.payload.size() == kFrameBytes) {
            waiting_bytes_ = 0;
            const std::size_t half = kFrameBytes / 2;
            use(OutgoingAudio{frame.media_time, frame.talk_spurt_start, frame.payload.first(half)});
            use(OutgoingAudio{frame.media_time + std::chrono::milliseconds(kHalfMs), false,
                              frame.payload.subspan(half)});
            return;
        }
        if (packet_ms <= kFrameMs || frame.payload.size() != kFrameBytes) {
            waiting_bytes_ = 0;
            use(frame);
            return;
        }
        if (add(frame) < static_cast<std::size_t>(packet_ms / kFrameMs) * kFrameBytes) return;
        use(OutgoingAudio{began_, spurt_start_,
                          std::span<const std::uint8_t>(waiting_).first(waiting_bytes_)});
        waiting_bytes_ = 0;
    }

  private:
    static constexpr int kHalfMs = 10;
    static constexpr int kFrameMs = 20;
    static constexpr int kMostFrames = 3;
    static constexpr std::size_t kFrameBytes = 160;

    std::size_t add(const OutgoingAudio& frame);

    std::array<std::uint8_t, kMostFrames * kFrameBytes> waiting_{};
    std::size_t waiting_bytes_ = 0;
    common::Timestamp began_;
    bool spurt_start_ = false;
};

}  // namespace mcu

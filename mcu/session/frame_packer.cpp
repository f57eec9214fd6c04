#include "mcu/session/frame_packer.h"

#include <algorithm>

namespace mcu {

int FramePacker::packet_ms(std::uint32_t ptime_ms) {
    if (ptime_ms == 0) return kFrameMs;
    for (const int longest : {3 * kFrameMs, 2 * kFrameMs, kFrameMs}) {
        if (ptime_ms >= static_cast<std::uint32_t>(longest)) return longest;
    }
    return kHalfMs;
}

std::size_t FramePacker::add(const OutgoingAudio& frame) {
    if (frame.talk_spurt_start || waiting_bytes_ == waiting_.size()) waiting_bytes_ = 0;
    if (waiting_bytes_ == 0) {
        began_ = frame.media_time;
        spurt_start_ = frame.talk_spurt_start;
    }
    std::ranges::copy(frame.payload,
                      waiting_.begin() + static_cast<std::ptrdiff_t>(waiting_bytes_));
    waiting_bytes_ += frame.payload.size();
    return waiting_bytes_;
}

}  // namespace mcu

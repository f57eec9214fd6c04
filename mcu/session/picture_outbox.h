#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "common/bounded_queue.h"
#include "mcu/transport/net_thread.h"
#include "mixer/encode/encoded_picture.h"

namespace mcu {

/// Takes encoded pictures from the media pool to the net thread.
///
/// Thread: `on_picture` media pool, one at a time; `take`, `take_overflow` net thread.
/// Full:   kCapacity pictures; the newest goes, and with it all that follow up to the next key
///         picture, since they refer to it. `take_overflow` then says that a start is needed, anew
///         after each of them.
class PictureOutbox final : public mixer::PictureSink {
  public:
    static constexpr std::size_t kCapacity = 4;

    explicit PictureOutbox(Wakeup& wakeup)
        : wakeup_(wakeup), queue_(kCapacity, common::WhenFull::DropNewest) {}

    void on_picture(const mixer::EncodedPictureRef& picture) override;
    [[nodiscard]] std::optional<mixer::EncodedPictureRef> take() { return queue_.pop(); }
    [[nodiscard]] bool take_overflow() { return overflowed_.exchange(false); }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  private:
    Wakeup& wakeup_;
    common::BoundedQueue<mixer::EncodedPictureRef> queue_;
    bool skipping_ = false;  ///< media pool's: up to the next key picture
    std::atomic<bool> overflowed_{false};
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace mcu

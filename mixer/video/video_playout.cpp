#include "mixer/video/video_playout.h"

namespace mixer {
namespace {

/// No honest playout delay is longer: the sender's clock is broken, and waiting for it would freeze
/// the picture.
constexpr common::Duration kBelievableWait = std::chrono::milliseconds(500);

bool is_due(const VideoFrame& frame, common::Timestamp now) {
    return frame.media_time() <= now || frame.media_time() > now + kBelievableWait;
}

}  // namespace

void VideoPlayout::push(SourcePicture picture) {
    waiting_.push({std::move(picture), ages_.load(std::memory_order_acquire)});
}

const DuePicture& VideoPlayout::take_due(common::Timestamp now) {
    const std::uint64_t age = ages_.load(std::memory_order_acquire);
    if (shown_age_ < age) {
        current_.frame = {};
        current_.fitted = {};
    }
    if (next_.age < age) next_.picture = {};

    bool taken = false;
    while (true) {
        if (!next_.picture.whole) {
            auto popped = waiting_.pop();
            if (!popped) break;
            if (popped->age < age) continue;
            next_ = std::move(*popped);
        }
        if (!is_due(*next_.picture.whole, now)) break;
        if (taken) skipped_.fetch_add(1, std::memory_order_relaxed);
        current_.frame = std::exchange(next_.picture.whole, {});
        current_.fitted = std::exchange(next_.picture.fitted, {});
        current_.last_change = now;
        shown_age_ = next_.age;
        taken = true;
    }
    return current_;
}

void VideoPlayout::forget() {
    // A picture pushed after this call belongs to what comes next and stays.
    ages_.fetch_add(1, std::memory_order_acq_rel);
}

std::uint64_t VideoPlayout::skipped() const {
    return skipped_.load(std::memory_order_relaxed) + waiting_.dropped();
}

}  // namespace mixer

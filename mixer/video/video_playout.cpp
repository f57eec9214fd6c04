#include "mixer/video/video_playout.h"

namespace mixer {
namespace {

/// No honest playout delay is longer: the sender's clock is broken, and waiting for it would freeze
/// the picture.
constexpr common::Duration kBelievableWait = std::chrono::milliseconds(500);

bool is_due(common::Timestamp due, common::Timestamp now) {
    return due <= now || due > now + kBelievableWait;
}

}  // namespace

void VideoPlayout::push(SourcePicture picture) {
    const std::uint64_t age = ages_.load(std::memory_order_acquire);
    const common::Timestamp due = picture.whole->media_time();
    newest_.put({picture.whole, age});
    if (picture.for_all_tiles) picture.whole = {};
    waiting_.push({std::move(picture), due, age});
}

const DuePicture& VideoPlayout::take_due(common::Timestamp now) {
    const std::uint64_t age = ages_.load(std::memory_order_acquire);
    if (shown_age_ < age) {
        shown_ = false;
        shown_whole_ = {};
        current_.fitted = {};
    }
    bool taken = false;
    while (true) {
        if (!next_) next_ = waiting_.pop();
        if (!next_) break;
        if (next_->age >= age) {
            if (!is_due(next_->due, now)) break;
            if (taken) skipped_.fetch_add(1, std::memory_order_relaxed);
            show(*next_, now);
            taken = true;
        }
        next_.reset();
    }
    // After the queue: of all that was popped, this or a newer one was put.
    if (auto newest = newest_.take()) newest_whole_ = std::move(*newest);
    if (newest_whole_.age < age) newest_whole_.frame = {};
    const FrameRef& whole = shown_whole_ ? shown_whole_ : newest_whole_.frame;
    current_.frame = shown_ ? whole : FrameRef();
    return current_;
}

void VideoPlayout::show(Waiting& picture, common::Timestamp now) {
    shown_ = true;
    shown_age_ = picture.age;
    shown_whole_ = std::exchange(picture.picture.whole, {});
    current_.fitted = std::exchange(picture.picture.fitted, {});
    current_.last_change = now;
}

void VideoPlayout::forget() {
    // A picture pushed after this call belongs to what comes next and stays.
    ages_.fetch_add(1, std::memory_order_acq_rel);
}

std::uint64_t VideoPlayout::skipped() const {
    return skipped_.load(std::memory_order_relaxed) + waiting_.dropped();
}

}  // namespace mixer

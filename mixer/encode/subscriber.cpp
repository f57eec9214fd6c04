#include "mixer/encode/subscriber.h"

namespace mixer {

bool Subscriber::wants_start() const {
    return serving_ != target_ || missed_picture_ ||
           start_requested_.load(std::memory_order_relaxed);
}

void Subscriber::assign(std::uint64_t rendition) {
    common::MutexLock lock(mutex_);
    if (target_ == rendition) return;
    target_ = rendition;
    hold_after_.reset();
}

void Subscriber::detach() {
    common::MutexLock lock(mutex_);
    sink_ = nullptr;
    target_ = serving_ = 0;
}

bool Subscriber::belongs_to(std::uint64_t rendition) const {
    common::MutexLock lock(mutex_);
    return target_ == rendition;
}

bool Subscriber::attached_to(std::uint64_t rendition) const {
    common::MutexLock lock(mutex_);
    return target_ == rendition || serving_ == rendition;
}

Subscriber::Place Subscriber::place(std::uint64_t rendition) const {
    common::MutexLock lock(mutex_);
    if (target_ == rendition && wants_start()) {
        return serving_ == rendition ? Place::Refreshing : Place::Starting;
    }
    return serving_ == rendition ? Place::Following : Place::Elsewhere;
}

void Subscriber::hold_others_after(std::uint64_t rendition, common::Timestamp media_time) {
    common::MutexLock lock(mutex_);
    if (target_ == rendition && serving_ != rendition) hold_after_ = media_time;
}

bool Subscriber::claim(std::uint64_t rendition, common::Timestamp media_time) {
    common::MutexLock lock(mutex_);
    if (target_ != rendition || !wants_start()) return false;
    if (last_delivered_ && *last_delivered_ >= media_time) {
        if (serving_ != rendition) hold_after_ = last_delivered_;
        return false;
    }
    if (serving_ != rendition) hold_after_ = media_time - common::Duration(1);
    return true;
}

void Subscriber::deliver_start(std::uint64_t rendition, const EncodedPictureRef& picture) {
    common::MutexLock lock(mutex_);
    // Claimed, then sent elsewhere: a start of the Rendition that still serves it is as good as the
    // picture it replaces.
    if (target_ != rendition && serving_ != rendition) return;
    serving_ = rendition;
    if (target_ == rendition) hold_after_.reset();
    missed_picture_ = false;
    start_requested_.store(false, std::memory_order_relaxed);
    hand_over(picture);
}

void Subscriber::deliver_shared(std::uint64_t rendition, const EncodedPictureRef& picture) {
    common::MutexLock lock(mutex_);
    if (serving_ != rendition) return;
    if (hold_after_ && picture->media_time > *hold_after_) {
        missed_picture_ = true;
        return;
    }
    // After a picture that was kept back the next ones would only smear.
    if (missed_picture_) return;
    hand_over(picture);
}

void Subscriber::hand_over(const EncodedPictureRef& picture) {
    if (sink_ == nullptr) return;
    if (last_delivered_ && picture->media_time <= *last_delivered_) return;
    last_delivered_ = picture->media_time;
    sink_->on_picture(picture);
}

}  // namespace mixer

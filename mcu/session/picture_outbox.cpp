#include "mcu/session/picture_outbox.h"

namespace mcu {

void PictureOutbox::on_picture(const mixer::EncodedPictureRef& picture) {
    if (picture->key) skipping_ = false;
    if (!skipping_ && !queue_.push(picture)) {
        skipping_ = true;
        overflowed_.store(true);
    }
    if (skipping_) dropped_.fetch_add(1, std::memory_order_relaxed);
    wakeup_.notify();
}

}  // namespace mcu

#include "mcu/session/picture_outbox.h"

namespace mcu {

void PictureOutbox::on_picture(const mixer::EncodedPictureRef& picture) {
    if (picture->key) skipping_ = false;
    if (!skipping_ && !queue_.push(picture)) skipping_ = true;
    if (skipping_) dropped_.fetch_add(1, std::memory_order_relaxed);
    // Said anew with each picture that goes: whoever asks for starts limits how often, and may have
    // let the first one pass.
    overflowed_.store(skipping_);
    wakeup_.notify();
}

}  // namespace mcu

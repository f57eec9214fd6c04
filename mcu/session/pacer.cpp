#include "mcu/session/pacer.h"

#include <algorithm>
#include <utility>

namespace mcu {

using common::Duration;
using common::Timestamp;

Pacer::Pacer(NetThread& net, Send send)
    : net_(net), send_(std::move(send)), timer_(net, [this] { step(); }) {}

std::span<std::uint8_t> Pacer::next_buffer() {
    if (count_ == slots_.size() && first_ > 0) {
        // What went makes room: moved to the front rather than growing for ever.
        std::move(slots_.begin() + static_cast<std::ptrdiff_t>(first_), slots_.end(),
                  slots_.begin());
        count_ -= first_;
        first_ = 0;
    }
    if (count_ == slots_.size()) slots_.resize(std::max<std::size_t>(2 * kUnpaced, count_ * 2));
    return slots_[count_].storage;
}

void Pacer::add(std::size_t bytes) {
    slots_[count_++].bytes = bytes;
    waiting_bytes_ += bytes;
}

void Pacer::flush(Timestamp now) {
    if (rate_.bps() > 0) return release(now);
    if (paced_ == 0) send(std::min(waiting_count(), kUnpaced));
    paced_ = waiting_count();
    if (paced_ == 0) return;
    finish_ = now + kSpread;
    if (!timer_.running() || timer_.due() > now + kStep) timer_.start_at(now + kStep);
}

void Pacer::step() {
    const Timestamp now = net_.clock().now();
    if (rate_.bps() > 0) return release(now);
    // The steps left, this one included; a late timer has fewer and sends more at once.
    const auto steps_left =
        static_cast<std::size_t>(std::max<std::int64_t>(1, (finish_ - now) / kStep + 1));
    send((paced_ + steps_left - 1) / steps_left);
    paced_ = waiting_count();
    if (paced_ > 0) timer_.start_at(now + kStep);
}

/// What the rate allows until now.
void Pacer::release(Timestamp now) {
    free_ = std::max(free_, now - kStep);
    std::size_t count = 0;
    for (; count < waiting_count() && free_ <= now; ++count)
        free_ = free_ + time_of(slots_[first_ + count].bytes);
    send(count);
    paced_ = waiting_count();
    finish_ = now + kSpread;  // where the limit ends meanwhile
    if (paced_ > 0 && !timer_.running()) timer_.start_at(std::max(free_, now + kStep));
}

Duration Pacer::time_of(std::size_t bytes) const {
    return Duration(static_cast<std::int64_t>(bytes) * 8 * 1'000'000'000 / rate_.bps());
}

Duration Pacer::backlog(Timestamp now) const {
    if (rate_.bps() == 0) return Duration(0);
    return std::max(Duration(0), free_ - now) + time_of(waiting_bytes_);
}

void Pacer::send(std::size_t count) {
    batch_.clear();
    for (std::size_t i = 0; i < count; ++i) {
        const Slot& slot = slots_[first_ + i];
        waiting_bytes_ -= slot.bytes;
        batch_.push_back(std::span(slot.storage).first(slot.bytes));
    }
    if (!batch_.empty()) send_(batch_);
    first_ += count;
    if (first_ == count_) first_ = count_ = 0;
}

}  // namespace mcu

#include "mcu/session/pacer.h"

#include <algorithm>
#include <utility>

namespace mcu {

using common::Duration;
using common::Timestamp;

Pacer::Pacer(NetThread& net, Send send)
    : net_(net), send_(std::move(send)), timer_(net, [this] { step(); }) {}

std::span<std::uint8_t> Pacer::Lane::next_buffer() {
    if (count == slots.size() && first > 0) {
        // What went makes room: moved to the front rather than growing for ever.
        std::move(slots.begin() + static_cast<std::ptrdiff_t>(first), slots.end(), slots.begin());
        count -= first;
        first = 0;
    }
    if (count == slots.size()) slots.resize(std::max<std::size_t>(2 * kUnpaced, count * 2));
    return slots[count].storage;
}

std::span<std::uint8_t> Pacer::next_buffer(Packets which) {
    return lane_of(which).next_buffer();
}

void Pacer::add(std::size_t bytes, Packets which) {
    Lane& lane = lane_of(which);
    Slot& slot = lane.slots[lane.count++];
    slot.bytes = bytes;
    slot.which = which;
    waiting_bytes_ += bytes;
}

Pacer::Dropped Pacer::drop_waiting() {
    Dropped dropped;
    for (std::size_t i = pictures_.first; i < pictures_.count; ++i) {
        const Slot& slot = pictures_.slots[i];
        if (slot.which == Packets::Again) continue;
        if (dropped.packets++ == 0) dropped.first = std::span(slot.storage).first(slot.bytes);
        dropped.bytes += slot.bytes;
    }
    pictures_.first = pictures_.count = repair_.first = repair_.count = 0;
    paced_ = waiting_bytes_ = 0;
    return dropped;
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
        free_ = free_ + time_of(waiting(count).bytes);
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
        const Slot& slot = waiting(i);
        waiting_bytes_ -= slot.bytes;
        batch_.push_back(std::span(slot.storage).first(slot.bytes));
    }
    if (!batch_.empty()) send_(batch_);
    const std::size_t repairs = std::min(count, repair_.waiting());
    repair_.let_go(repairs);
    pictures_.let_go(count - repairs);
}

}  // namespace mcu

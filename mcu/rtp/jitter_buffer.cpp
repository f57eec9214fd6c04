#include "mcu/rtp/jitter_buffer.h"

#include <algorithm>
#include <utility>

#include "common/invariant.h"

namespace mcu {

JitterBuffer::JitterBuffer(Config config) : config_(config), slots_(kCapacity) {
    INVARIANT(config.starts_picture != nullptr);
}

void JitterBuffer::reset() {
    for (Slot& one : slots_) one.reset();
    started_ = moved_ = at_start_ = lost_ = false;
    packet_count_ = 0;
}

void JitterBuffer::insert(RtpPacket packet, std::int64_t extended_sequence) {
    constexpr auto kWindow = static_cast<std::int64_t>(kCapacity);
    if (!started_) {
        started_ = true;
        next_ = scanned_ = highest_ = extended_sequence;
    }
    if (extended_sequence < next_) {
        if (moved_ || highest_ - extended_sequence >= kWindow) {
            ++counters_.late;
            return;
        }
        next_ = scanned_ = extended_sequence;  // the stream's first packets came in another order
        at_start_ = false;
    }
    if (extended_sequence >= next_ + kWindow) overflow(extended_sequence);
    if (slot(extended_sequence)) {
        ++counters_.duplicates;
        return;
    }
    slot(extended_sequence) = std::move(packet);
    ++packet_count_;
    highest_ = std::max(highest_, extended_sequence);
}

/// So far ahead that waiting has no meaning: begins anew there.
void JitterBuffer::overflow(std::int64_t sequence) {
    ++counters_.overflows;
    counters_.discarded += packet_count_;
    counters_.never_came += static_cast<std::uint64_t>(sequence - next_) - packet_count_;
    for (Slot& one : slots_) one.reset();
    packet_count_ = 0;
    next_ = scanned_ = highest_ = sequence;
    moved_ = lost_ = true;
    at_start_ = false;
}

bool JitterBuffer::take(common::Timestamp now, PicturePackets& out) {
    out.packets.clear();
    while (packet_count_ > 0) {
        const Step step = advance(now);
        if (step == Step::Wait) return false;
        if (step == Step::Picture) {
            hand_over(out);
            return true;
        }
    }
    return false;
}

JitterBuffer::Step JitterBuffer::advance(common::Timestamp now) {
    if (slot(next_) && !at_start_) {
        if (may_get_head() && now < slot(next_)->arrival() + config_.max_wait) return Step::Wait;
        discard_headless();
        return Step::Again;
    }
    if (slot(next_) && slot(next_)->payload().empty()) {
        discard_next();  // padding alone, as bandwidth probes send it between pictures
        return Step::Again;
    }
    if (scan()) return Step::Picture;
    const auto deadline = next_deadline();
    if (!deadline || now < *deadline) return Step::Wait;
    give_up_gap();
    return Step::Again;
}

/// Walks on through the picture that begins at `next_`. True: [next_, scanned_) is all of it.
bool JitterBuffer::scan() {
    while (scanned_ <= highest_ && slot(scanned_)) {
        if (scanned_ > next_ && slot(scanned_)->rtp_time() != slot(next_)->rtp_time()) return true;
        ++scanned_;
        if (slot(scanned_ - 1)->marker()) return true;
    }
    return false;
}

/// At a stream's start the head of the picture may have been overtaken, and still find its place in
/// front.
bool JitterBuffer::may_get_head() const {
    return !moved_ && !config_.starts_picture(slot(next_)->payload());
}

/// `next_` is a packet of which we do not know that it begins its picture: what came before was
/// lost, or is before our time.
void JitterBuffer::discard_headless() {
    const RtpPacket& packet = *slot(next_);
    if (config_.starts_picture(packet.payload())) {
        at_start_ = true;
        return;
    }
    const bool ended = packet.marker();
    const std::uint32_t rtp_time = packet.rtp_time();
    ++counters_.discarded;
    lost_ = true;
    discard_next();
    at_start_ = ended || (slot(next_) && slot(next_)->rtp_time() != rtp_time);
}

void JitterBuffer::discard_next() {
    slot(next_).reset();
    --packet_count_;
    scanned_ = ++next_;
    moved_ = true;
}

std::int64_t JitterBuffer::first_behind_gap() const {
    std::int64_t sequence = scanned_;
    while (sequence <= highest_ && !slot(sequence)) ++sequence;
    return sequence;
}

std::optional<common::Timestamp> JitterBuffer::next_deadline() const {
    if (packet_count_ == 0) return std::nullopt;
    if (!moved_ && !at_start_) return slot(next_)->arrival() + config_.max_wait;
    if (slot(scanned_)) return std::nullopt;
    const std::int64_t behind = first_behind_gap();
    if (behind > highest_) return std::nullopt;
    return slot(behind)->arrival() + config_.max_wait;
}

/// The picture that the gap is in, or ends before, cannot be known to be whole.
void JitterBuffer::give_up_gap() {
    const std::int64_t behind = first_behind_gap();
    counters_.never_came += static_cast<std::uint64_t>(behind - scanned_);
    while (next_ < scanned_) {
        slot(next_++).reset();
        --packet_count_;
        ++counters_.discarded;
    }
    next_ = scanned_ = behind;
    moved_ = lost_ = true;
    at_start_ = false;
}

void JitterBuffer::hand_over(PicturePackets& out) {
    for (; next_ < scanned_; ++next_) {
        out.packets.push_back(std::move(*slot(next_)));
        slot(next_).reset();
        --packet_count_;
    }
    out.follows_loss = std::exchange(lost_, false);
    moved_ = true;  // and at_start_ stays: what follows a picture's end begins one
}

}  // namespace mcu

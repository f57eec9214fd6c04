#include "mcu/rtp/transport_feedback_recorder.h"

#include <algorithm>

#include "mcu/rtp/rtcp/transport_feedback.h"

namespace mcu {

namespace {
constexpr std::int64_t kCycle = 0x10000;
constexpr auto kWindowLength = static_cast<std::int64_t>(TransportFeedbackRecorder::kWindow);
static_assert(TransportFeedbackRecorder::kWindow <= kMostWrittenStatuses);
}  // namespace

void TransportFeedbackRecorder::begin_line(std::uint16_t transport_sequence) {
    // A cycle ahead of the old line, and never below zero.
    const std::int64_t cycles = highest_ ? *highest_ / kCycle + 2 : 1;
    highest_ = cycles * kCycle + transport_sequence;
    next_ = *highest_;
}

void TransportFeedbackRecorder::on_packet(std::uint16_t transport_sequence,
                                          common::Timestamp arrival) {
    if (!highest_) begin_line(transport_sequence);
    std::int64_t sequence =
        *highest_ + static_cast<std::int16_t>(transport_sequence -
                                              static_cast<std::uint16_t>(*highest_ % kCycle));
    if (std::max(sequence - *highest_, *highest_ - sequence) >= kWindowLength) {
        begin_line(transport_sequence);
        sequence = *highest_;
    }
    Slot& place = slot(sequence);
    if (place.sequence == sequence) return;  // came twice
    if (sequence<next_&& * highest_ - sequence> kMostLate) return;
    place = {sequence, arrival};
    highest_ = std::max(*highest_, sequence);
    next_ = std::min(next_, sequence);
    waiting_ = true;
}

std::optional<common::Timestamp> TransportFeedbackRecorder::next_deadline() const {
    if (!waiting_) return std::nullopt;
    return sent_ ? *sent_ + kInterval : common::Timestamp();
}

bool TransportFeedbackRecorder::due(common::Timestamp now) const {
    const auto deadline = next_deadline();
    return deadline && *deadline <= now;
}

bool TransportFeedbackRecorder::write(std::uint32_t our_ssrc, std::uint32_t media_ssrc,
                                      common::Timestamp now, std::size_t most_bytes,
                                      common::ByteWriter& out) {
    if (!waiting_) return false;
    next_ = std::max(next_, *highest_ - kWindowLength + 1);
    std::size_t count = 0;
    for (std::int64_t sequence = next_; sequence <= *highest_; ++sequence) {
        const Slot& place = slot(sequence);
        statuses_[count++] =
            place.sequence == sequence ? std::optional(place.arrival) : std::nullopt;
    }
    TransportFeedback fields;
    fields.sender_ssrc = our_ssrc;
    fields.media_ssrc = media_ssrc;
    fields.base_sequence = static_cast<std::uint16_t>(next_ % kCycle);
    fields.number = number_;
    const std::size_t told =
        write_transport_feedback(fields, std::span(statuses_).first(count), most_bytes, out);
    if (told == 0) {
        next_ = *highest_ + 1;
    } else {
        next_ += static_cast<std::int64_t>(told);
        ++number_;
        ++sent_count_;
    }
    waiting_ = next_ <= *highest_;
    sent_ = now;
    return told > 0;
}

}  // namespace mcu

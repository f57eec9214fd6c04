#include "mcu/rtp/nack_tracker.h"

#include <algorithm>

namespace mcu {

using common::Duration;
using common::Timestamp;

namespace {
using namespace std::chrono_literals;
constexpr Duration kLeastReorderWait = 5ms, kMostReorderWait = 40ms;
constexpr Duration kUnknownRoundTrip = 100ms;
constexpr Duration kReorderMargin = 2ms;
/// Of 1: how much of what is known of reorder each packet in order makes forget.
constexpr int kForgetting = 512;
constexpr Duration kLeastRepeat = 30ms;
constexpr Duration kLeastWait = 120ms, kMostWait = 450ms;
}  // namespace

void NackTracker::set_path(Duration round_trip, Duration jitter) {
    round_trip_ = round_trip;
    jitter_ = jitter;
}

// RFC 3550's jitter is a mean: twice that covers nearly all reorder of packets that leave one after
// the other, and not of those that leave together.
Duration NackTracker::reorder_wait() const {
    return std::clamp(std::max(2 * jitter_, overtaken_by_ + kReorderMargin), kLeastReorderWait,
                      kMostReorderWait);
}

Duration NackTracker::repeat() const {
    const Duration round_trip = round_trip_ > 0ns ? round_trip_ : kUnknownRoundTrip;
    return std::max(round_trip + 2 * jitter_ + 10ms, kLeastRepeat);
}

Duration NackTracker::longest_wait() const {
    if (given_up_before_) return reorder_wait();
    return std::clamp(reorder_wait() + 3 * repeat(), kLeastWait, kMostWait);
}

void NackTracker::on_packet(std::int64_t extended_sequence, Timestamp now) {
    if (!highest_) {
        highest_ = extended_sequence;
        return;
    }
    if (extended_sequence <= *highest_) {
        const auto found =
            std::ranges::lower_bound(missing_, extended_sequence, {}, &Missing::sequence);
        if (found == missing_.end() || found->sequence != extended_sequence) return;
        came(*found, now);
        missing_.erase(found);
        return;
    }
    overtaken_by_ -= overtaken_by_ / kForgetting;
    const auto gap = static_cast<std::uint64_t>(extended_sequence - *highest_ - 1);
    counters_.missing += gap;
    if (missing_.size() + gap > kMostMissing) {
        counters_.given_up += missing_.size() + gap;
        missing_.clear();
        given_up_before_ = extended_sequence;
    } else {
        for (std::int64_t sequence = *highest_ + 1; sequence < extended_sequence; ++sequence) {
            missing_.push_back({sequence, now, now + reorder_wait(), {}});
        }
    }
    highest_ = extended_sequence;
}

/// What comes sooner after the asking than an answer can was under way already.
void NackTracker::came(const Missing& missing, Timestamp now) {
    const bool answered = missing.first_ask && now - *missing.first_ask >= round_trip_ / 2;
    if (answered) {
        ++counters_.recovered;
    } else {
        overtaken_by_ = std::max(overtaken_by_, now - missing.noticed);
    }
}

void NackTracker::forget_before(std::int64_t extended_sequence) {
    const auto first =
        std::ranges::lower_bound(missing_, extended_sequence, {}, &Missing::sequence);
    missing_.erase(missing_.begin(), first);
    if (given_up_before_ && *given_up_before_ <= extended_sequence) given_up_before_.reset();
}

void NackTracker::reset() {
    missing_.clear();
    highest_.reset();
    given_up_before_.reset();
    overtaken_by_ = {};
}

std::optional<Timestamp> NackTracker::next_deadline() const {
    std::optional<Timestamp> next;
    for (const Missing& missing : missing_) {
        if (missing.asks < kMostAsks && (!next || missing.next_ask < *next)) {
            next = missing.next_ask;
        }
    }
    return next;
}

void NackTracker::take_due(Timestamp now, std::size_t most, std::vector<std::uint16_t>& out) {
    const std::size_t full = out.size() + most;
    for (Missing& missing : missing_) {
        if (out.size() == full) return;
        if (missing.asks >= kMostAsks || now < missing.next_ask) continue;
        ++missing.asks;
        if (!missing.first_ask) missing.first_ask = now;
        missing.next_ask = now + repeat();
        ++counters_.asked;
        out.push_back(static_cast<std::uint16_t>(missing.sequence));
    }
}

}  // namespace mcu

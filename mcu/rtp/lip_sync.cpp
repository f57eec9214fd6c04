#include "mcu/rtp/lip_sync.h"

#include <algorithm>

namespace mcu {

using common::Duration;
using common::Timestamp;

namespace {

/// Below this, what changes is the rounding and the jitter of sender reports: following it would
/// only make pictures miss their tick.
constexpr Duration kDeadBand = std::chrono::milliseconds(6);

}  // namespace

void LipSync::reset() {
    offset_.reset();
}

void LipSync::follow_sound(std::optional<Duration> sender_time, Timestamp heard) {
    if (!sender_time) return;
    const Duration offset = heard.since_epoch() - *sender_time;
    const bool same = offset_ && offset - *offset_ < kDeadBand && *offset_ - offset < kDeadBand;
    if (!same) offset_ = offset;
}

Timestamp LipSync::due_of(std::optional<Duration> sender_time, Timestamp plain_due,
                          Timestamp arrival) {
    if (!offset_ || !sender_time) return plain_due;
    const Timestamp with_sound = Timestamp() + (*sender_time + *offset_ - kTickWait - kLead);
    if (with_sound > arrival + kLongestHold) return plain_due;
    return std::max(plain_due, with_sound);
}

}  // namespace mcu

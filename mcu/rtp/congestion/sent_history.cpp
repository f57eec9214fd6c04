#include "mcu/rtp/congestion/sent_history.h"

#include <algorithm>

namespace mcu {

void SentHistory::add(std::size_t wire_bytes, bool picture, common::Timestamp now) {
    if (count_ == 0 || now - slot(0).at >= kGrain) {
        newest_ = (newest_ + 1) % kSlots;
        slots_[newest_] = {now, all_};
        count_ = std::min(count_ + 1, kSlots);
    }
    all_.bytes += static_cast<double>(wire_bytes);
    if (picture) {
        all_.picture_packets += 1;
        all_.picture_bytes += static_cast<double>(wire_bytes);
    }
    last_ = now;
}

SentHistory::Amount SentHistory::between(common::Timestamp begin, common::Timestamp end) const {
    if (end <= begin) return {};
    return until(end) - until(begin);
}

/// Evenly between two snapshots.
SentHistory::Amount SentHistory::until(common::Timestamp at) const {
    if (count_ == 0 || at >= last_) return all_;
    Snapshot later{last_, all_};
    for (std::size_t age = 0; age < count_; ++age) {
        const Snapshot& here = slot(age);
        if (here.at <= at) {
            const double span = static_cast<double>((later.at - here.at).count());
            const double share =
                span > 0 ? static_cast<double>((at - here.at).count()) / span : 1.0;
            const Amount step = later.until - here.until;
            return {here.until.bytes + share * step.bytes,
                    here.until.picture_packets + share * step.picture_packets,
                    here.until.picture_bytes + share * step.picture_bytes};
        }
        later = here;
    }
    return later.until;
}

}  // namespace mcu

#include "mcu/rtp/congestion/path_delay.h"

#include <algorithm>

namespace mcu {

using common::Duration;

void PathDelay::add(Duration round_trip, common::Timestamp now) {
    if (!least_now_ || now - bucket_began_ >= kMemory) {
        least_before_ = least_now_;
        least_now_ = round_trip;
        bucket_began_ = now;
    }
    least_now_ = std::min(*least_now_, round_trip);
    samples_ = {round_trip, samples_[0], samples_[1]};
    count_ = std::min(count_ + 1, samples_.size());
}

Duration PathDelay::least() const {
    if (!least_now_) return Duration(0);
    return least_before_ ? std::min(*least_now_, *least_before_) : *least_now_;
}

Duration PathDelay::excess(Duration round_trip) const {
    return count_ == 0 ? Duration(0) : std::max(Duration(0), round_trip - least());
}

Duration PathDelay::standing() const {
    if (count_ < samples_.size()) return Duration(0);
    return excess(*std::ranges::min_element(samples_));
}

}  // namespace mcu

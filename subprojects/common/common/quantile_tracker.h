#pragma once

#include <algorithm>

#include "common/units.h"

namespace common {

/// Follows the duration below which a given share of what was seen lies, without storing any of it.
///
/// Each sample above moves the estimate up by `share` of a step, each below moves it down by the
/// rest: it stands still where the two balance (Robbins and Monro's stochastic approximation of a
/// quantile). One outlier costs one step, however far out it lies.
/// Thread: one at a time; pure.
class QuantileTracker {
  public:
    QuantileTracker(double share, Duration step, Duration first)
        : up_(std::chrono::duration_cast<Duration>(step * share)),
          down_(step - up_),
          value_(first) {}

    void add(Duration sample) {
        value_ = sample > value_ ? value_ + up_ : std::max(Duration(0), value_ - down_);
    }
    [[nodiscard]] Duration value() const { return value_; }

  private:
    Duration up_;
    Duration down_;
    Duration value_;
};

}  // namespace common

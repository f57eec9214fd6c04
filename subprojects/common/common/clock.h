#pragma once

#include "common/units.h"

namespace common {

/// The one way to learn the time. Injected, so that tests own it; asked once per tick and passed
/// down.
class Clock {
  public:
    virtual ~Clock() = default;
    /// Never goes back. Any thread.
    [[nodiscard]] virtual Timestamp now() const = 0;
};

/// CLOCK_MONOTONIC.
class MonotonicClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override;
};

}  // namespace common

#include "common/clock.h"

namespace common {

Timestamp MonotonicClock::now() const {
    // libstdc++'s steady_clock is CLOCK_MONOTONIC.
    return Timestamp::from_ns(std::chrono::steady_clock::now().time_since_epoch() / 1ns);
}

}  // namespace common

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

#include "common/units.h"

namespace common {

/// Gives memory that a rush of calls left free back to the system: glibc keeps what lies below a
/// surviving allocation, and a daemon would look for ever as large as its busiest minute.
///
/// Thread: `look` any one thread. Giving back takes each arena's lock for milliseconds, which
///         threads that allocate may feel: hence only after people left, and seldom.
class HeapRest {
  public:
    /// After the first who left, and once more when nobody left for so long. What outlives its
    /// call is to be counted in `in_use`: SIP transactions do by 32 s (RFC 3261 17: 64 x T1).
    static constexpr Duration kSoon = std::chrono::seconds(5);
    static constexpr Duration kAtLast = std::chrono::seconds(10);

    /// `in_use`: how many there are now of what comes and goes with its memory (sessions, calls).
    /// True when memory was given back.
    /// `release_first` runs right before: what the daemon's own pools keep, they free.
    bool look(Timestamp now, std::size_t in_use, const std::function<void()>& release_first = {});

  private:
    std::size_t before_ = 0;
    std::optional<Timestamp> soon_, at_last_;
};

}  // namespace common

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "common/units.h"

namespace signaling {

/// How many SIP requests came within the time that sofia remembers each: 32 s over UDP, so that an
/// answer that was lost is sent again (RFC 3261 17.2.2, Timer J). One is 11 KB; over TCP and TLS
/// it is forgotten at once.
///
/// Thread: one.
class RecentRequests {
  public:
    static constexpr common::Duration kRemembered = std::chrono::seconds(32);

    /// About once a second. `total`: all that ever came; never falls. Returns how many of them came
    /// within `kRemembered`, to the second.
    std::size_t look(common::Timestamp now, std::uint64_t total);

  private:
    struct Look {
        common::Timestamp at;
        std::uint64_t total = 0;
    };
    std::deque<Look> looks_;  // the oldest is the last one before `kRemembered`
};

}  // namespace signaling

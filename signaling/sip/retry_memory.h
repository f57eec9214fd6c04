#pragma once

#include <cstdint>
#include <vector>

#include "common/units.h"

namespace signaling {

/// Remembers requests that were not let in, so that their second copy is known: who means it sends
/// again over UDP (RFC 3261 17.1: after 500 ms, and again), a flood of new requests does not.
///
/// Memory: eight bytes for each of 65 536 requests, of which a newer one may take the place (at
/// 2000 new ones a second 1.5 % in the half second that counts). Thread: one.
class RetryMemory {
  public:
    static constexpr common::Duration kSoonest = std::chrono::milliseconds(200);
    static constexpr common::Duration kLatest = std::chrono::seconds(32);

    /// True: the request was asked for before, at least `kSoonest` ago. Else it is remembered.
    [[nodiscard]] bool is_again(std::uint64_t request_hash, common::Timestamp now);

  private:
    struct Slot {
        std::uint32_t tag = 0;  // 0: nobody was here
        std::uint32_t at_ms = 0;
    };

    std::vector<Slot> slots_;  // from the first request on
};

}  // namespace signaling

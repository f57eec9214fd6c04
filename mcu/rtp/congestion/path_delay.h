#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "common/units.h"

namespace mcu {

/// How much longer than at its best a path takes now: what waits in its queues. From round trips
/// (RFC 3550 6.4.1), of which jitter spoils single ones.
///
/// Thread: one.
class PathDelay {
  public:
    /// A route that became longer is the new measure after one to two of these.
    static constexpr common::Duration kMemory = std::chrono::seconds(60);

    void add(common::Duration round_trip, common::Timestamp now);

    /// Of the newest round trip alone.
    [[nodiscard]] common::Duration newest() const { return excess(samples_[0]); }
    /// The least of the last three: what no jitter explains. 0 before there are three.
    [[nodiscard]] common::Duration standing() const;
    /// The newest is shorter than the one before by more than jitter makes: a queue that empties.
    [[nodiscard]] bool falls() const { return count_ > 1 && samples_[0] + kStep < samples_[1]; }
    [[nodiscard]] common::Duration least() const;
    [[nodiscard]] bool known() const { return count_ > 0; }

  private:
    static constexpr common::Duration kStep = std::chrono::milliseconds(20);
    [[nodiscard]] common::Duration excess(common::Duration round_trip) const;

    std::array<common::Duration, 3> samples_{};  ///< newest first
    std::size_t count_ = 0;
    common::Timestamp bucket_began_;
    std::optional<common::Duration> least_now_, least_before_;
};

}  // namespace mcu

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/units.h"

namespace mixer {

/// Measures how irregularly one stream's packets come, and says for how long sound must wait so
/// that nearly all of them are there when they are due.
///
/// Each packet's lateness is its transit (arrival minus the sender's time) above the fastest lately
/// seen. A histogram of latenesses forgets with a time constant of 333 packets; the target covers
/// all but kTail of it. What comes after an outage longer than any target could cover is no jitter
/// and is not counted.
///
/// Thread: audio tick alone; allocates nothing. Time: of arrival only.
class ArrivalWatch {
  public:
    /// Where a packet lies on the sender's time line: meaningful within one `line` only.
    struct Place {
        std::uint32_t line = 0;
        common::Duration transit{};
    };

    /// Call for each packet that is no duplicate, late ones too.
    Place note(std::uint32_t rtp_time, int clock_hz, common::Timestamp arrival);
    /// How much later than the fastest of the last seconds; zero when nothing is known.
    [[nodiscard]] common::Duration lateness(const Place& place) const;
    /// The lateness that all but kTail of the packets stay below.
    [[nodiscard]] common::Duration jitter() const { return jitter_; }
    /// Another stream: its clock is unknown, and its jitter too.
    void reset();

    static constexpr float kTail = 0.006F;
    static constexpr common::Duration kBucket = std::chrono::milliseconds(5);
    static constexpr std::size_t kBuckets = 34;
    static constexpr common::Duration kMost = kBucket * kBuckets;  ///< 170 ms

  private:
    void begin_line(common::Timestamp now);
    void learn_fastest(common::Duration transit, common::Timestamp now);
    [[nodiscard]] bool within_outage(common::Duration lateness, common::Timestamp now);
    void count(common::Duration lateness);

    static constexpr common::Duration kNone = std::chrono::hours(24 * 365);

    std::uint32_t line_ = 0;
    std::optional<std::uint32_t> last_rtp_time_;
    int clock_hz_ = 0;
    std::int64_t ticks_ = 0;  ///< of the newest packet, unwrapped, since the line began
    common::Duration last_transit_{};
    common::Duration fastest_before_ = kNone;  ///< of the half window before this one
    common::Duration fastest_ = kNone;
    common::Timestamp half_window_begin_;
    std::optional<common::Timestamp> outage_end_;
    std::array<float, kBuckets> share_{1.0F};
    common::Duration jitter_{};
};

}  // namespace mixer

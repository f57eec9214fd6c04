#pragma once

#include <cstdint>
#include <optional>

#include "common/quantile_tracker.h"
#include "common/units.h"

namespace mcu {

/// Says when each picture of a sender should be shown, so that a sender of 30 pictures a second
/// gives exactly one new picture to each of our 30 ticks.
///
/// Shown on arrival, a sender whose phase lies near a tick would, by a millisecond of jitter, now
/// miss the tick and now come twice: of nine senders some always does. So pictures are placed by
/// the sender's own clock (RTP time), laid over ours by the least delay seen lately, and given
/// a margin: what jitter took of 98 and decoding of 199 pictures in 200 lately, and 1 ms. (Sixteen
/// senders of whom each misses one tick in fifty show a stale picture among them in three of ten.)
///
/// Shape:  due = RTP time on our clock + margin, never later than arrival + kLongestWait. Costs the
///         margin of latency at most (3 ms on a clean link and a quiet machine), and nothing to a
///         picture that comes late: it is due at once.
/// Thread: one at a time; pure.
class PictureTiming {
  public:
    static constexpr common::Duration kFirstMargin = std::chrono::milliseconds(10);
    static constexpr common::Duration kLeastMargin = std::chrono::milliseconds(3);
    static constexpr common::Duration kMostMargin = std::chrono::milliseconds(30);
    static constexpr common::Duration kLongestWait = std::chrono::milliseconds(40);

    /// `decoding`: from a picture's last packet until it can be drawn, of all but a few.
    [[nodiscard]] common::Timestamp due_of(std::uint32_t rtp_time_90khz, common::Timestamp arrival,
                                           common::Duration decoding);
    [[nodiscard]] common::Duration margin() const { return margin_; }
    /// Another stream: nothing that was learnt holds.
    void reset();

  private:
    /// Up by 15 ms a second when pictures are late, down by 0.3 ms a second when none is.
    static constexpr common::Duration kStep = std::chrono::microseconds(500);

    [[nodiscard]] common::Duration media_offset(std::uint32_t rtp_time_90khz);
    void learn(common::Duration transit, common::Timestamp now);
    void follow_margin(common::Duration jitter, common::Duration decoding);

    std::optional<std::uint32_t> last_rtp_time_;
    std::int64_t ticks_90khz_ = 0;  ///< of the newest picture, unwrapped, since the first
    common::Duration offset_{};     ///< our clock minus the sender's, in force
    common::Duration least_{};      ///< of the window under way
    common::Timestamp window_ends_;
    bool started_ = false;
    common::Duration margin_ = kFirstMargin;
    common::QuantileTracker jitter_{0.98, kStep, kFirstMargin / 2};
};

}  // namespace mcu

#pragma once

#include <cstdint>
#include <optional>

#include "common/units.h"

namespace mcu {

/// Says when each picture of a sender should be shown, so that a sender of 30 pictures a second
/// gives exactly one new picture to each of our 30 ticks.
///
/// Shown on arrival, a sender whose phase lies near a tick would, by a millisecond of jitter, now
/// miss the tick and now come twice: of nine senders some always does. So pictures are placed by
/// the sender's own clock (RTP time), laid over ours by the least delay seen lately, and given
/// `kMargin` for jitter and decoding.
///
/// Shape:  due = RTP time on our clock + kMargin, never later than arrival + kLongestWait. Costs
/// kMargin of latency at most,
///         and nothing to a picture that comes late: it is due at once.
/// Thread: one at a time; pure.
class PictureTiming {
  public:
    static constexpr common::Duration kMargin = std::chrono::milliseconds(10);
    static constexpr common::Duration kLongestWait = std::chrono::milliseconds(40);

    [[nodiscard]] common::Timestamp due_of(std::uint32_t rtp_time_90khz, common::Timestamp arrival);
    /// Another stream: nothing that was learnt holds.
    void reset();

  private:
    [[nodiscard]] common::Duration media_offset(std::uint32_t rtp_time_90khz);
    void learn(common::Duration transit, common::Timestamp now);

    std::optional<std::uint32_t> last_rtp_time_;
    std::int64_t ticks_90khz_ = 0;  ///< of the newest picture, unwrapped, since the first
    common::Duration offset_{};     ///< our clock minus the sender's, in force
    common::Duration least_{};      ///< of the window under way
    common::Timestamp window_ends_;
    bool started_ = false;
};

}  // namespace mcu

#pragma once

#include <optional>

#include "common/units.h"

namespace mcu {

/// Says when a picture must be shown so that lips and voice go together: at the time when the sound
/// that its sender took at the same moment is mixed.
///
/// Both streams' sender reports put their RTP times on the sender's one wall clock. Sound waits for
/// its jitter, so it is the picture that is held back; a picture that comes later than its sound is
/// shown at once, as sound cannot wait for it.
///
/// Shape:  times of the sender's wall clock are since 1900, as in sender reports.
/// Thread: one at a time; pure.
class LipSync {
  public:
    /// Longer than any playout of ours waits: two clocks that have nothing to do with each other.
    static constexpr common::Duration kLongestHold = std::chrono::milliseconds(300);
    /// A picture waits for its tick, 17 ms in the mean at 30 ticks a second; sound does not.
    static constexpr common::Duration kTickWait = std::chrono::milliseconds(15);
    /// A picture this much before its sound is noticed by nobody (ITU-R BT.1359-1: 125 ms), and
    /// held back for longer it would cost every conversation that much.
    static constexpr common::Duration kLead = std::chrono::milliseconds(15);

    /// What the sender's wall clock said at `sender_time` is heard at `heard`. Nothing: not known.
    void follow_sound(std::optional<common::Duration> sender_time, common::Timestamp heard);
    /// `plain_due` is when it would be shown for smoothness' sake: never shown before.
    [[nodiscard]] common::Timestamp due_of(std::optional<common::Duration> sender_time,
                                           common::Timestamp plain_due, common::Timestamp arrival);
    void reset();

  private:
    /// From the sender's clock to when we play what was taken then.
    std::optional<common::Duration> offset_;
};

}  // namespace mcu

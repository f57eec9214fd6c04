#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "mixer/audio/audio_frame.h"

namespace mixer {

/// Decides when a line of sound should be shortened or lengthened to keep its delay at the target.
///
/// Packets come with one period and ticks with theirs, so that only delays a whole `step` (their
/// greatest common divisor) apart differ in what they are good for. Between two of them nothing is
/// done: the band is one step wide, from the target upward, and its edges are soft: a little above
/// it a delay must have stood for some seconds, and a little below it is borne.
/// Drift of the sender's clock is no case of its own: it moves the delay out of the band once in a
/// while.
///
/// Shape:  samples at 48 kHz. `lead` is how long a packet as fast as any would lie here before its
/// first sample is played. Thread: audio tick alone; pure.
class DelayControl {
  public:
    struct Wish {
        std::int64_t samples = 0;  ///< < 0: leave out so many at most; > 0: add so many at least
        bool soon = false;         ///< every tick, even where it may be heard
    };

    /// After each tick in which a packet was decoded. `need` is the least lead wanted of what is
    /// decoded on time, `step` as above, `rest` what of the waiting samples is no whole step.
    [[nodiscard]] Wish wish(std::int64_t lead, std::int64_t need, std::int64_t step,
                            std::int64_t rest);
    /// What was done of it: the lead is `samples` longer.
    void done(std::int64_t samples);
    /// The line began anew, or delay was added or taken by other means.
    void restart();

  private:
    static constexpr std::size_t kWindow = 8;  ///< ticks that must agree

    std::array<std::int64_t, kWindow> leads_{};
    std::size_t known_ = 0, next_ = 0;
    int ticks_since_done_ = 0;
    int ticks_wanted_ = 0;
    int ticks_above_ = 0;
};

}  // namespace mixer

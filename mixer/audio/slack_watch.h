#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "common/units.h"
#include "mixer/audio/audio_frame.h"

namespace mixer {

/// Notices delay that nobody needs: the least time that any packet of the last 2 s was early.
///
/// Shape: slack is the time a packet lay here before it was decoded.
class SlackWatch {
  public:
    /// `least` is the slack to keep.
    explicit SlackWatch(common::Duration least) : least_(least) {}

    void note(common::Timestamp now, common::Duration slack) {
        if (now - begin_ >= kHalfWindow) {
            standing_ = before_ == kNone ? common::Duration::zero() : std::min(before_, current_);
            before_ = current_;
            current_ = kNone;
            begin_ = now;
        }
        current_ = std::min(current_, slack);
        standing_ = std::min(standing_, slack);
        if (spare_samples() == 0) {
            noticed_.reset();
        } else if (!noticed_) {
            noticed_ = now;
        }
    }

    /// Whole ticks that could be left out now, as samples, keeping `least`; 0 most of the time.
    [[nodiscard]] std::size_t spare_samples() const {
        if (standing_ < least_ + kAudioTick) return 0;
        return static_cast<std::size_t>((standing_ - least_) / kAudioTick) * kTickSamples;
    }

    /// True when the spare delay was noticed so long ago that it should go now, whatever is said.
    [[nodiscard]] bool urgent(common::Timestamp now) const {
        return noticed_ && now - *noticed_ >= kPatience;
    }

    /// After a skip, or a start: what was seen no longer holds.
    void restart(common::Timestamp now) {
        begin_ = now;
        before_ = current_ = kNone;
        standing_ = common::Duration::zero();
        noticed_.reset();
    }

  private:
    static constexpr common::Duration kHalfWindow = std::chrono::seconds(1);
    static constexpr common::Duration kPatience = std::chrono::seconds(1);
    static constexpr common::Duration kNone = std::chrono::hours(1);

    common::Duration least_;
    common::Timestamp begin_;
    common::Duration before_ = kNone;  ///< least of the half window before this one
    common::Duration current_ = kNone;
    common::Duration standing_{};
    std::optional<common::Timestamp> noticed_;
};

}  // namespace mixer

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/units.h"
#include "mcu/bridge/conference_state.h"

namespace mcu {

/// Notices when one session's picture stops and comes back, from how many were decoded.
///
/// Hidden: a picture that nobody sees is not decoded, so nothing is said of it until it is seen
///         again; it then has its two seconds anew.
/// Thread: control thread.
class PictureWatch {
  public:
    static constexpr common::Duration kFrozenAfter = std::chrono::seconds(2);

    struct State {
        std::uint64_t decoded = 0;  ///< pictures so far
        bool expected = false;      ///< the peer should be sending pictures
        bool shown = false;         ///< somebody sees them
    };
    /// About once a second. Frozen or Resumed, once each.
    std::optional<MediaEvent> check(common::Timestamp now, const State& state);
    [[nodiscard]] double frames_per_second() const { return frames_per_second_; }

  private:
    std::uint64_t decoded_before_ = 0;
    double frames_per_second_ = 0;
    common::Timestamp checked_, last_picture_;
    bool frozen_ = false;
};

}  // namespace mcu

#pragma once

#include <optional>

#include "common/units.h"

namespace mcu {

/// How much loss a listener's sound is to be protected against (Opus in-band FEC), from what the
/// listener reports: in steps, so that listeners share encoders. Up at once, down when reports were
/// better for kPatience: each change costs the listener another encoder.
///
/// Thread: control thread.
class FecStrength {
  public:
    static constexpr common::Duration kPatience = std::chrono::seconds(30);

    /// `reported_percent` of the last interval. Returns 0, 10 or 20.
    int follow(double reported_percent, common::Timestamp now);
    [[nodiscard]] int percent() const { return percent_; }

  private:
    int percent_ = 0;
    std::optional<common::Timestamp> better_since_;
};

}  // namespace mcu

#include "mcu/bridge/fec_strength.h"

#include <array>

namespace mcu {

namespace {

// One lost packet of fifty is nothing that FEC's share of the bitrate is well spent on.
constexpr double kNoticed = 1.5;
// Up to 5, libopus 1.3 stays in CELT with what it does not take for a voice, and CELT has no FEC.
constexpr std::array kSteps{10, 20};

int step_for(double reported_percent) {
    if (reported_percent < kNoticed) return 0;
    for (const int step : kSteps) {
        if (reported_percent <= step) return step;
    }
    return kSteps.back();
}

}  // namespace

int FecStrength::follow(double reported_percent, common::Timestamp now) {
    const int wanted = step_for(reported_percent);
    if (wanted >= percent_) {
        percent_ = wanted;
        better_since_.reset();
    } else if (!better_since_) {
        better_since_ = now;
    } else if (now - *better_since_ >= kPatience) {
        percent_ = wanted;
        better_since_.reset();
    }
    return percent_;
}

}  // namespace mcu

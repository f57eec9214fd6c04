#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/units.h"

namespace mcu {

/// What was really late, over the last look's time. Shares are of 1.
struct LoadFigures {
    double cpu_share = 0;     ///< of the cores that the process may use
    double encode_share = 0;  ///< of the same cores: the encoders' part of `cpu_share`
    common::Duration pool_wait_p95{};
    common::Duration tick_late{};  ///< the latest tick, of video or sound
    double ticks_lost = 0;         ///< video ticks that were skipped, of those due
    double audio_ticks_lost = 0;
    double pictures_skipped = 0;  ///< the encoder was still at the last one
};

/// "cpu=97% pool_wait_p95=33ms tick_late=41ms ticks_lost=12% ...", for one line of log.
[[nodiscard]] std::string describe(const LoadFigures& figures);

/// What a node says of itself: to the signalling daemon, which admits by it, and to operators.
struct NodeLoad {
    LoadFigures figures;
    int step = 0;                            ///< steps of the ladder in force
    std::string step_name;                   ///< the last of them; empty: none
    std::vector<std::string_view> given_up;  ///< names of those in force, in the order taken
    std::uint64_t steps_down = 0, steps_up = 0;
    std::uint32_t capacity_left = 0;
    std::string refusal;  ///< why nobody new should be let in; empty: they should
    int retry_after_s = 0;
};

}  // namespace mcu

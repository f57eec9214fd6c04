#pragma once

#include <cstdint>

#include "common/units.h"

namespace mcu {

/// A span of time in ticks of an RTP clock, to the nearest; whole seconds apart, so that nothing
/// overflows.
[[nodiscard]] constexpr std::int64_t rtp_ticks(common::Duration span, int clock_rate_hz) {
    constexpr std::int64_t kNsPerSecond = 1'000'000'000;
    std::int64_t seconds = span.count() / kNsPerSecond;
    std::int64_t rest_ns = span.count() % kNsPerSecond;
    if (rest_ns < 0) {  // rounds alike on both sides of zero
        rest_ns += kNsPerSecond;
        --seconds;
    }
    return seconds * clock_rate_hz + (rest_ns * clock_rate_hz + kNsPerSecond / 2) / kNsPerSecond;
}

[[nodiscard]] constexpr common::Duration rtp_duration(std::int64_t ticks, int clock_rate_hz) {
    const std::int64_t seconds = ticks / clock_rate_hz;
    const std::int64_t rest = ticks % clock_rate_hz;
    return std::chrono::seconds(seconds) + common::Duration(rest * 1'000'000'000 / clock_rate_hz);
}

}  // namespace mcu

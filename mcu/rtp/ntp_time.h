#pragma once

#include <cstdint>

#include "common/units.h"

namespace mcu {

/// Seconds since 1900 as 32.32 fixed point: what sender reports carry (RFC 3550 4).
struct NtpTime {
    std::uint64_t fixed = 0;
    [[nodiscard]] std::uint32_t seconds() const { return static_cast<std::uint32_t>(fixed >> 32); }
    [[nodiscard]] std::uint32_t fraction() const { return static_cast<std::uint32_t>(fixed); }
    /// The middle 32 bits: LSR and DLSR count in these (1/65536 s).
    [[nodiscard]] std::uint32_t middle() const { return static_cast<std::uint32_t>(fixed >> 16); }
    /// Nanoseconds since 1900; a difference of two is a Duration.
    [[nodiscard]] common::Duration since_1900() const;
    friend bool operator==(NtpTime, NtpTime) = default;
};

/// Media time as NTP time: the wall clock read once at the start, plus monotonic time since. It
/// never steps, so a receiver's lip sync doesn't either when an operator sets the wall clock.
class NtpClock {
  public:
    /// `unix_time` (since 1970) was the wall clock's answer at `start`.
    NtpClock(common::Timestamp start, common::Duration unix_time)
        : start_(start), unix_time_(unix_time) {}
    [[nodiscard]] NtpTime at(common::Timestamp time) const;

  private:
    common::Timestamp start_;
    common::Duration unix_time_;
};

}  // namespace mcu

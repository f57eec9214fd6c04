#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace common {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers): 20ms reads as a
                                       // unit

/// A point on the media clock (CLOCK_MONOTONIC, or a test's FakeClock). Not wall time.
class Timestamp {
  public:
    constexpr Timestamp() = default;
    static constexpr Timestamp from_ns(std::int64_t ns) { return Timestamp(ns); }
    [[nodiscard]] constexpr std::int64_t ns() const { return ns_; }
    [[nodiscard]] constexpr Duration since_epoch() const { return Duration(ns_); }

    friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
    friend constexpr Timestamp operator+(Timestamp t, Duration d) {
        return Timestamp(t.ns_ + d.count());
    }
    friend constexpr Timestamp operator-(Timestamp t, Duration d) {
        return Timestamp(t.ns_ - d.count());
    }
    friend constexpr Duration operator-(Timestamp a, Timestamp b) {
        return Duration(a.ns_ - b.ns_);
    }
    constexpr Timestamp& operator+=(Duration d) { return *this = *this + d; }

  private:
    constexpr explicit Timestamp(std::int64_t ns) : ns_(ns) {}
    std::int64_t ns_ = 0;
};

/// Bits per second.
class Bitrate {
  public:
    constexpr Bitrate() = default;
    static constexpr Bitrate from_bps(std::int64_t bps) { return Bitrate(bps); }
    static constexpr Bitrate from_kbps(std::int64_t kbps) { return Bitrate(kbps * 1000); }
    [[nodiscard]] constexpr std::int64_t bps() const { return bps_; }
    friend constexpr auto operator<=>(Bitrate, Bitrate) = default;

  private:
    constexpr explicit Bitrate(std::int64_t bps) : bps_(bps) {}
    std::int64_t bps_ = 0;
};

/// Width and height of a picture in luma samples; both even wherever a picture is made by us.
struct PictureSize {
    int width = 0;
    int height = 0;
    friend constexpr auto operator<=>(const PictureSize&, const PictureSize&) = default;
};

}  // namespace common

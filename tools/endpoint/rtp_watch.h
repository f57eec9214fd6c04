#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "tools/endpoint/recording.h"

namespace endpoint {

/// Looks at every packet as it comes from the socket: counts, and remembers when it came. The RTP
/// stack behind it decides what to do with it. Its caller locks.
class RtpWatch {
  public:
    explicit RtpWatch(int clock_hz) : clock_hz_(clock_hz) {}
    void set_clock(int clock_hz) { clock_hz_ = clock_hz; }
    void packet(std::span<const std::uint8_t> rtp, std::int64_t now_ns,
                std::map<std::uint32_t, StreamCount>& counts);
    /// When the last packet of that RTP time came.
    [[nodiscard]] std::optional<std::int64_t> picture_arrived(std::uint32_t ssrc,
                                                              std::uint32_t rtp_time) const;
    [[nodiscard]] std::optional<std::int64_t> packet_arrived(std::uint32_t ssrc,
                                                             std::uint16_t sequence) const;

  private:
    int clock_hz_;
    std::map<std::uint64_t, std::int64_t> by_time_, by_sequence_;
    std::map<std::uint32_t, double> transit_s_;
};

}  // namespace endpoint

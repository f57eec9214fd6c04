#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/byte_writer.h"

namespace mcu {

/// What one receiver says about one source (RFC 3550 6.4.1).
struct ReportBlock {
    std::uint32_t ssrc = 0;
    std::uint8_t fraction_lost = 0;         ///< of the interval, in 1/256
    std::int32_t cumulative_lost = 0;       ///< 24 bits, signed: duplicates make it negative
    std::uint32_t highest_sequence = 0;     ///< extended
    std::uint32_t jitter = 0;               ///< in units of the stream's RTP clock
    std::uint32_t last_sr = 0;              ///< middle of the last SR's NTP time, 0: none
    std::uint32_t delay_since_last_sr = 0;  ///< in 1/65536 s
    friend bool operator==(const ReportBlock&, const ReportBlock&) = default;
};

inline constexpr std::size_t kReportBlockBytes = 24;
inline constexpr std::size_t kMaxReportBlocks = 31;  ///< the count has five bits

/// Report blocks where they lie in a received datagram, read when asked for. Valid as long as the
/// datagram.
class ReportBlocks {
  public:
    ReportBlocks() = default;
    explicit ReportBlocks(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    [[nodiscard]] std::size_t size() const { return bytes_.size() / kReportBlockBytes; }
    [[nodiscard]] ReportBlock operator[](std::size_t index) const;

  private:
    std::span<const std::uint8_t> bytes_;
};

void write_report_block(const ReportBlock& block, common::ByteWriter& out);

}  // namespace mcu

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "common/units.h"
#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// Which packets of a whole transport came, and when (transport-wide congestion control).
///
/// Source: draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1.
struct TransportFeedback {
    static constexpr std::uint8_t kFormat = 15;  ///< of TransportFeedback
    static constexpr common::Duration kTick = std::chrono::microseconds(250);
    static constexpr common::Duration kReferenceTick = std::chrono::milliseconds(64);
    /// After so long its arrival times begin anew.
    static constexpr common::Duration kTimeCircle = (1 << 24) * kReferenceTick;
    /// More cannot be told apart on the circle of sequence numbers.
    static constexpr std::size_t kMostStatuses = 0x8000;

    std::uint32_t sender_ssrc = 0;
    std::uint32_t media_ssrc = 0;
    std::uint16_t base_sequence = 0;  ///< of the first status
    std::uint16_t status_count = 0;
    std::uint32_t reference_time = 0;  ///< in kReferenceTick, 24 bits
    std::uint8_t number = 0;           ///< counts the feedback packets; a gap: one was lost

    /// Arrival on the receiver's clock, from 0 to kTimeCircle and a little beyond; nothing: not
    /// received (yet).
    using Visit =
        std::function<void(std::uint16_t sequence, std::optional<common::Duration> arrival)>;
    void for_each(const Visit& visit) const;

    static std::optional<TransportFeedback> parse(const RtcpBlock& packet);

  private:
    std::span<const std::uint8_t> chunks_, deltas_;
};

/// Writes as many of `statuses` as fit in `most_bytes`, the header counted, and can be said in one
/// packet; returns how many that is. `fields` says all but count and reference time; the first
/// status is `fields.base_sequence`'s. At most kMostWrittenStatuses at once. 0, and nothing
/// written, when none of `statuses` was received.
inline constexpr std::size_t kMostWrittenStatuses = 2048;
std::size_t write_transport_feedback(const TransportFeedback& fields,
                                     std::span<const std::optional<common::Timestamp>> statuses,
                                     std::size_t most_bytes, common::ByteWriter& out);

}  // namespace mcu

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// Packets that never came (RFC 4585 6.2.1). Understood and counted; we keep nothing to send again
/// yet.
struct GenericNack {
    static constexpr std::uint8_t kFormat = 1;  ///< of TransportFeedback
    std::uint32_t sender_ssrc = 0;
    std::uint32_t media_ssrc = 0;

    /// How many packets it asks for: every entry's first, and the bits of its mask.
    [[nodiscard]] std::size_t packet_count() const;

    static std::optional<GenericNack> parse(const RtcpBlock& packet);

  private:
    std::span<const std::uint8_t> entry_bytes_;
};

}  // namespace mcu

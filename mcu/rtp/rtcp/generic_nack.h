#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// Packets that never came, to be sent again (RFC 4585 6.2.1).
struct GenericNack {
    static constexpr std::uint8_t kFormat = 1;  ///< of TransportFeedback
    std::uint32_t sender_ssrc = 0;
    std::uint32_t media_ssrc = 0;

    /// How many packets it asks for: every entry's first, and the bits of its mask.
    [[nodiscard]] std::size_t packet_count() const;
    /// Appends the sequence numbers asked for, at most `most` of them.
    void append_sequences(std::vector<std::uint16_t>& out, std::size_t most) const;

    static std::optional<GenericNack> parse(const RtcpBlock& packet);

  private:
    std::span<const std::uint8_t> entry_bytes_;
};

/// `sequences` in sending order; neighbours share an entry. At most kMostNackedPackets.
inline constexpr std::size_t kMostNackedPackets = 64;
void write_generic_nack(std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
                        std::span<const std::uint16_t> sequences, common::ByteWriter& out);

}  // namespace mcu

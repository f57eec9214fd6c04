#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/units.h"
#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// "Send me no more than this" and "this is what binds me now" (RFC 5104 4.2): TMMBR and TMMBN have
/// one shape.
struct TemporaryBitrate {
    static constexpr std::uint8_t kRequestFormat = 3;       ///< TMMBR, of TransportFeedback
    static constexpr std::uint8_t kNotificationFormat = 4;  ///< TMMBN
    struct Entry {
        /// In a request: whose stream is to be limited. In a notification: who asked for it.
        std::uint32_t ssrc = 0;
        common::Bitrate limit;             ///< IP, UDP and all above it counted
        std::uint16_t overhead_bytes = 0;  ///< a packet's, as the requester measured it
    };
    std::uint32_t sender_ssrc = 0;

    [[nodiscard]] std::size_t size() const { return entry_bytes_.size() / 8; }
    [[nodiscard]] Entry operator[](std::size_t index) const;

    /// A notification may be empty: nothing binds.
    static std::optional<TemporaryBitrate> parse(const RtcpBlock& packet);

  private:
    std::span<const std::uint8_t> entry_bytes_;
};

/// The limit is rounded down to what 17 bits of mantissa hold.
void write_temporary_bitrate(std::uint8_t format, std::uint32_t sender_ssrc,
                             const TemporaryBitrate::Entry& entry, common::ByteWriter& out);

}  // namespace mcu

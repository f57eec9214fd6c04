#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/units.h"
#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// "What you send me shall be no more than this, all of it together" (REMB).
///
/// Source: draft-alvestrand-rmcat-remb-03 2.2.
struct ReceiverEstimatedBitrate {
    static constexpr std::uint8_t kFormat = 15;  ///< of PayloadFeedback: application layer
    std::uint32_t sender_ssrc = 0;
    common::Bitrate limit;  ///< as much as a number holds where it says more

    /// Whose streams are meant.
    [[nodiscard]] std::size_t size() const { return ssrc_bytes_.size() / 4; }
    [[nodiscard]] std::uint32_t operator[](std::size_t index) const;

    /// Feedback of this format that is not REMB belongs to another application: unknown, not bad.
    [[nodiscard]] static bool is(const RtcpBlock& packet);
    static std::optional<ReceiverEstimatedBitrate> parse(const RtcpBlock& packet);

  private:
    std::span<const std::uint8_t> ssrc_bytes_;
};

/// The limit is rounded down to what 18 bits of mantissa hold. At most 255 streams.
void write_receiver_estimated_bitrate(std::uint32_t sender_ssrc, common::Bitrate limit,
                                      std::span<const std::uint32_t> media_ssrcs,
                                      common::ByteWriter& out);

}  // namespace mcu

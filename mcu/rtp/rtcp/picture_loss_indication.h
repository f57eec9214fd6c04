#pragma once

#include <cstdint>
#include <optional>

#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// "I lost pictures; send me something decodable" (RFC 4585 6.3.1).
struct PictureLossIndication {
    static constexpr std::uint8_t kFormat = 1;  ///< of PayloadFeedback
    std::uint32_t sender_ssrc = 0;
    std::uint32_t media_ssrc = 0;

    static std::optional<PictureLossIndication> parse(const RtcpBlock& packet);
};

void write_picture_loss_indication(const PictureLossIndication& pli, common::ByteWriter& out);

}  // namespace mcu

#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "mcu/rtp/rtcp/report_block.h"
#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// Reports of one who does not send (RFC 3550 6.4.2).
struct ReceiverReport {
    std::uint32_t ssrc = 0;
    ReportBlocks blocks;

    static std::optional<ReceiverReport> parse(const RtcpBlock& packet);
};

/// At most `kMaxReportBlocks` of `blocks` are written.
void write_receiver_report(std::uint32_t ssrc, std::span<const ReportBlock> blocks,
                           common::ByteWriter& out);

}  // namespace mcu

#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "mcu/rtp/ntp_time.h"
#include "mcu/rtp/rtcp/report_block.h"
#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// What a sender says of its stream: the two clocks at one moment, and how much it sent (RFC
/// 3550 6.4.1).
struct SenderInfo {
    std::uint32_t ssrc = 0;
    NtpTime ntp;
    std::uint32_t rtp_time = 0;
    std::uint32_t packet_count = 0;
    std::uint32_t octet_count = 0;  ///< payload only
};

struct SenderReport {
    SenderInfo sender;
    ReportBlocks blocks;

    static std::optional<SenderReport> parse(const RtcpBlock& packet);
};

/// At most `kMaxReportBlocks` of `blocks` are written.
void write_sender_report(const SenderInfo& sender, std::span<const ReportBlock> blocks,
                         common::ByteWriter& out);

}  // namespace mcu

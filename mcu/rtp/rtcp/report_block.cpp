#include "mcu/rtp/rtcp/report_block.h"

#include <algorithm>

#include "common/byte_reader.h"

namespace mcu {

// RFC 3550 6.4.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                 SSRC of the source reported on                |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// | fraction lost |       cumulative number of packets lost       |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |           extended highest sequence number received           |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                      interarrival jitter                      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         last SR (LSR)                         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                   delay since last SR (DLSR)                  |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
ReportBlock ReportBlocks::operator[](std::size_t index) const {
    common::ByteReader reader(bytes_.subspan(index * kReportBlockBytes, kReportBlockBytes));
    ReportBlock block;
    block.ssrc = reader.u32();
    block.fraction_lost = reader.u8();
    const std::uint32_t lost = reader.u24();
    block.cumulative_lost = static_cast<std::int32_t>(lost << 8) >> 8;  // sign of bit 23
    block.highest_sequence = reader.u32();
    block.jitter = reader.u32();
    block.last_sr = reader.u32();
    block.delay_since_last_sr = reader.u32();
    return block;
}

void write_report_block(const ReportBlock& block, common::ByteWriter& out) {
    out.u32(block.ssrc);
    out.u8(block.fraction_lost);
    const std::int32_t lost = std::clamp(block.cumulative_lost, -0x800000, 0x7fffff);
    out.u24(static_cast<std::uint32_t>(lost) & 0xffffff);
    out.u32(block.highest_sequence);
    out.u32(block.jitter);
    out.u32(block.last_sr);
    out.u32(block.delay_since_last_sr);
}

}  // namespace mcu

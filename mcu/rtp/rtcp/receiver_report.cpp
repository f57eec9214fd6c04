#include "mcu/rtp/rtcp/receiver_report.h"

#include <algorithm>

#include "common/byte_reader.h"

namespace mcu {

// RFC 3550 6.4.2
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    RC   |   PT=RR=201   |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                     SSRC of packet sender                     |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |              report block x RC, then extensions               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<ReceiverReport> ReceiverReport::parse(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    ReceiverReport report;
    report.ssrc = reader.u32();
    report.blocks = ReportBlocks(reader.bytes(packet.count_or_format * kReportBlockBytes));
    if (reader.failed()) return std::nullopt;
    return report;
}

void write_receiver_report(std::uint32_t ssrc, std::span<const ReportBlock> blocks,
                           common::ByteWriter& out) {
    const std::size_t count = std::min(blocks.size(), kMaxReportBlocks);
    write_rtcp_packet(static_cast<std::uint8_t>(count), RtcpType::ReceiverReport, out, [&] {
        out.u32(ssrc);
        for (const ReportBlock& block : blocks.first(count)) write_report_block(block, out);
    });
}

}  // namespace mcu

#include "mcu/rtp/rtcp/sender_report.h"

#include <algorithm>

#include "common/byte_reader.h"

namespace mcu {

// RFC 3550 6.4.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    RC   |   PT=SR=200   |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         SSRC of sender                        |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |              NTP timestamp, most significant word             |
// |              NTP timestamp, least significant word            |
// |                         RTP timestamp                         |
// |                     sender's packet count                     |
// |                      sender's octet count                     |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |              report block x RC, then extensions               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<SenderReport> SenderReport::parse(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    SenderReport report;
    report.sender.ssrc = reader.u32();
    report.sender.ntp.fixed = reader.u64();
    report.sender.rtp_time = reader.u32();
    report.sender.packet_count = reader.u32();
    report.sender.octet_count = reader.u32();
    report.blocks = ReportBlocks(reader.bytes(packet.count_or_format * kReportBlockBytes));
    if (reader.failed()) return std::nullopt;
    return report;
}

void write_sender_report(const SenderInfo& sender, std::span<const ReportBlock> blocks,
                         common::ByteWriter& out) {
    const std::size_t count = std::min(blocks.size(), kMaxReportBlocks);
    write_rtcp_packet(static_cast<std::uint8_t>(count), RtcpType::SenderReport, out, [&] {
        out.u32(sender.ssrc);
        out.u64(sender.ntp.fixed);
        out.u32(sender.rtp_time);
        out.u32(sender.packet_count);
        out.u32(sender.octet_count);
        for (const ReportBlock& block : blocks.first(count)) write_report_block(block, out);
    });
}

}  // namespace mcu

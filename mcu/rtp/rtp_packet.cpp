#include "mcu/rtp/rtp_packet.h"

#include "common/byte_reader.h"
#include "common/invariant.h"

namespace mcu {

// RFC 3550 5.1
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|X|  CC   |M|     PT      |       sequence number         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                           timestamp                           |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |           synchronization source (SSRC) identifier            |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |            contributing source (CSRC) identifiers  x CC       |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// | if X: defined by profile      |       length in words         |
// | header extension ...                                          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// | payload ...                                                   |
// |               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |               | if P: padding ...             | padding count |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
tl::expected<RtpPacket, RtpParseError> RtpPacket::parse(PacketPtr datagram) {
    RtpPacket packet(std::move(datagram));
    const std::span<const std::uint8_t> bytes = std::as_const(*packet.buffer_).bytes();
    if (bytes.size() < kRtpHeaderBytes) return tl::unexpected(RtpParseError::TooShort);

    common::ByteReader reader(bytes);
    const std::uint8_t flags = reader.u8();
    if (flags >> 6 != 2) return tl::unexpected(RtpParseError::BadVersion);
    const std::uint8_t marker_and_type = reader.u8();
    packet.marker_ = (marker_and_type & 0x80) != 0;
    packet.payload_type_ = marker_and_type & 0x7f;
    packet.sequence_ = reader.u16();
    packet.rtp_time_ = reader.u32();
    packet.ssrc_ = reader.u32();

    packet.csrc_bytes_ = reader.bytes(4U * (flags & 0x0f));
    if (reader.failed()) return tl::unexpected(RtpParseError::CsrcsBeyondEnd);
    packet.has_extension_ = (flags & 0x10) != 0;
    if (packet.has_extension_) {
        packet.extension_profile_ = reader.u16();
        packet.extension_ = reader.bytes(4U * reader.u16());
        if (reader.failed()) return tl::unexpected(RtpParseError::ExtensionBeyondEnd);
    }

    packet.payload_ = reader.bytes(reader.remaining());
    if ((flags & 0x20) != 0) {
        if (packet.payload_.empty()) return tl::unexpected(RtpParseError::BadPadding);
        packet.padding_bytes_ = packet.payload_.back();
        if (packet.padding_bytes_ == 0 || packet.padding_bytes_ > packet.payload_.size()) {
            return tl::unexpected(RtpParseError::BadPadding);
        }
        packet.payload_ = packet.payload_.first(packet.payload_.size() - packet.padding_bytes_);
    }
    return packet;
}

std::uint32_t RtpPacket::csrc(std::size_t index) const {
    return common::ByteReader(csrc_bytes_.subspan(4 * index, 4)).u32();
}

void write_rtp_header(const RtpHeader& header, std::span<std::uint8_t> datagram) {
    INVARIANT(datagram.size() >= kRtpHeaderBytes);
    const auto put = [&datagram](std::size_t at, std::uint32_t value, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            datagram[at + i] = static_cast<std::uint8_t>(value >> 8 * (count - 1 - i));
        }
    };
    datagram[0] = header.extension ? 0x90 : 0x80;
    datagram[1] = static_cast<std::uint8_t>((header.marker ? 0x80 : 0) | header.payload_type);
    put(2, header.sequence, 2);
    put(4, header.rtp_time, 4);
    put(8, header.ssrc, 4);
}

bool is_rtcp(std::span<const std::uint8_t> datagram) {
    return datagram.size() >= 2 && datagram[0] >> 6 == 2 && datagram[1] >= 192 &&
           datagram[1] <= 223;
}

}  // namespace mcu

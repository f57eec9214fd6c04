#include "mcu/rtp/rtcp/generic_nack.h"

#include <bit>

#include "common/byte_reader.h"

namespace mcu {

// RFC 4585 6.2.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|  FMT=1  | PT=RTPFB=205  |           length=2+N          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                     SSRC of packet sender                     |
// |                     SSRC of media source                      |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |    first lost packet (PID)    | mask of the 16 behind it  x N |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<GenericNack> GenericNack::parse(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    GenericNack nack;
    nack.sender_ssrc = reader.u32();
    nack.media_ssrc = reader.u32();
    if (reader.failed() || reader.remaining() < 4) return std::nullopt;
    nack.entry_bytes_ = reader.bytes(reader.remaining());
    return nack;
}

std::size_t GenericNack::packet_count() const {
    std::size_t count = 0;
    common::ByteReader reader(entry_bytes_);
    while (reader.remaining() >= 4) {
        reader.u16();
        count += 1 + static_cast<std::size_t>(std::popcount(reader.u16()));
    }
    return count;
}

}  // namespace mcu

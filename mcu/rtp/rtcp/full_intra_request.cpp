#include "mcu/rtp/rtcp/full_intra_request.h"

#include "common/byte_reader.h"

namespace mcu {

// RFC 5104 4.3.1.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|  FMT=4  |  PT=PSFB=206  |        length=2+2*N           |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                     SSRC of packet sender                     |
// |              SSRC of media source (unused, 0)                 |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |                 SSRC of who is asked             x N          |
// | Seq nr.       |    reserved (0)                               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<FullIntraRequest> FullIntraRequest::parse(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    FullIntraRequest fir;
    fir.sender_ssrc = reader.u32();
    reader.u32();
    // At least one entry, and whole ones.
    if (reader.failed() || reader.remaining() < 8 || reader.remaining() % 8 != 0) {
        return std::nullopt;
    }
    fir.entry_bytes_ = reader.bytes(reader.remaining());
    return fir;
}

FullIntraRequest::Entry FullIntraRequest::operator[](std::size_t index) const {
    common::ByteReader reader(entry_bytes_.subspan(8 * index, 8));
    Entry entry;
    entry.media_ssrc = reader.u32();
    entry.sequence = reader.u8();
    return entry;
}

void write_full_intra_request(std::uint32_t sender_ssrc, const FullIntraRequest::Entry& entry,
                              common::ByteWriter& out) {
    write_rtcp_packet(FullIntraRequest::kFormat, RtcpType::PayloadFeedback, out, [&] {
        out.u32(sender_ssrc);
        out.u32(0);
        out.u32(entry.media_ssrc);
        out.u8(entry.sequence);
        out.u24(0);
    });
}

}  // namespace mcu

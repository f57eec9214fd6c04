#include "mcu/rtp/rtcp/picture_loss_indication.h"

#include "common/byte_reader.h"

namespace mcu {

// RFC 4585 6.1, 6.3.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|  FMT=1  |  PT=PSFB=206  |           length=2            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                     SSRC of packet sender                     |
// |                     SSRC of media source                      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<PictureLossIndication> PictureLossIndication::parse(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    PictureLossIndication pli;
    pli.sender_ssrc = reader.u32();
    pli.media_ssrc = reader.u32();
    if (reader.failed()) return std::nullopt;
    return pli;
}

void write_picture_loss_indication(const PictureLossIndication& pli, common::ByteWriter& out) {
    write_rtcp_packet(PictureLossIndication::kFormat, RtcpType::PayloadFeedback, out, [&] {
        out.u32(pli.sender_ssrc);
        out.u32(pli.media_ssrc);
    });
}

}  // namespace mcu

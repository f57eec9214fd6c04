#include "mcu/rtp/rtcp/bye.h"

#include <algorithm>

#include "common/byte_reader.h"

namespace mcu {

// RFC 3550 6.6
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    SC   |   PT=BYE=203  |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         SSRC/CSRC  x SC                       |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |     length    |      optional reason for leaving            ...
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<Bye> Bye::parse(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    Bye bye;
    bye.ssrc_count = packet.count_or_format;
    for (std::size_t i = 0; i < bye.ssrc_count; ++i) bye.ssrcs[i] = reader.u32();
    if (reader.failed()) return std::nullopt;
    if (reader.remaining() > 0) {
        const auto reason = reader.bytes(reader.u8());
        bye.reason = {reinterpret_cast<const char*>(reason.data()), reason.size()};
    }
    if (reader.failed()) return std::nullopt;
    return bye;
}

void write_bye(std::span<const std::uint32_t> ssrcs, std::string_view reason,
               common::ByteWriter& out) {
    ssrcs = ssrcs.first(std::min<std::size_t>(ssrcs.size(), 31));
    reason = reason.substr(0, 255);
    write_rtcp_packet(static_cast<std::uint8_t>(ssrcs.size()), RtcpType::Bye, out, [&] {
        const std::size_t start = out.position();
        for (const std::uint32_t ssrc : ssrcs) out.u32(ssrc);
        if (reason.empty()) return;
        out.u8(static_cast<std::uint8_t>(reason.size()));
        out.bytes({reinterpret_cast<const std::uint8_t*>(reason.data()), reason.size()});
        while ((out.position() - start) % 4 != 0) out.u8(0);
    });
}

}  // namespace mcu

#include "mcu/rtp/rtcp/generic_nack.h"

#include <algorithm>
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

void GenericNack::append_sequences(std::vector<std::uint16_t>& out, std::size_t most) const {
    common::ByteReader reader(entry_bytes_);
    while (reader.remaining() >= 4 && out.size() < most) {
        const std::uint16_t first = reader.u16();
        const std::uint16_t mask = reader.u16();
        out.push_back(first);
        for (int bit = 0; bit < 16 && out.size() < most; ++bit) {
            if ((mask >> bit & 1) != 0) out.push_back(static_cast<std::uint16_t>(first + bit + 1));
        }
    }
}

void write_generic_nack(std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
                        std::span<const std::uint16_t> sequences, common::ByteWriter& out) {
    sequences = sequences.first(std::min(sequences.size(), kMostNackedPackets));
    write_rtcp_packet(GenericNack::kFormat, RtcpType::TransportFeedback, out, [&] {
        out.u32(sender_ssrc);
        out.u32(media_ssrc);
        while (!sequences.empty()) {
            const std::uint16_t first = sequences.front();
            unsigned mask = 0;
            std::size_t taken = 1;
            for (; taken < sequences.size(); ++taken) {
                const auto ahead = static_cast<std::uint16_t>(sequences[taken] - first);
                if (ahead < 1 || ahead > 16) break;
                mask |= 1U << (ahead - 1);
            }
            out.u16(first);
            out.u16(static_cast<std::uint16_t>(mask));
            sequences = sequences.subspan(taken);
        }
    });
}

}  // namespace mcu

#include "mcu/rtp/rtcp/temporary_bitrate.h"

#include <limits>

#include "common/byte_reader.h"

namespace mcu {

namespace {
constexpr std::int64_t kMantissaEnd = 1 << 17;
constexpr std::uint16_t kOverheadEnd = 1 << 9;
}  // namespace

// RFC 5104 4.2.1.1, 4.2.2.1
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P| FMT=3/4 | PT=RTPFB=205  |         length=2+2*N          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                     SSRC of packet sender                     |
// |              SSRC of media source (unused, 0)                 |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |                              SSRC                        x N  |
// | MxTBR Exp |  MxTBR Mantissa (17 bits)       |Measured Overhead|
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<TemporaryBitrate> TemporaryBitrate::parse(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    TemporaryBitrate limits;
    limits.sender_ssrc = reader.u32();
    reader.u32();
    if (reader.failed() || reader.remaining() % 8 != 0) return std::nullopt;
    if (packet.count_or_format == kRequestFormat && reader.remaining() == 0) return std::nullopt;
    limits.entry_bytes_ = reader.bytes(reader.remaining());
    return limits;
}

TemporaryBitrate::Entry TemporaryBitrate::operator[](std::size_t index) const {
    common::ByteReader reader(entry_bytes_.subspan(8 * index, 8));
    Entry entry;
    entry.ssrc = reader.u32();
    const std::uint32_t packed = reader.u32();
    const std::uint32_t exponent = packed >> 26;
    const std::int64_t mantissa = packed >> 9 & 0x1ffff;
    // Exponents up to 63 can say more than there is: as much as a number holds, then.
    const bool fits = exponent < 46;
    entry.limit = common::Bitrate::from_bps(fits ? mantissa << exponent
                                                 : std::numeric_limits<std::int64_t>::max());
    entry.overhead_bytes = static_cast<std::uint16_t>(packed & 0x1ff);
    return entry;
}

void write_temporary_bitrate(std::uint8_t format, std::uint32_t sender_ssrc,
                             const TemporaryBitrate::Entry& entry, common::ByteWriter& out) {
    std::int64_t mantissa = entry.limit.bps();
    std::uint32_t exponent = 0;
    while (mantissa >= kMantissaEnd) {
        mantissa >>= 1;
        ++exponent;
    }
    const std::uint32_t overhead = entry.overhead_bytes % kOverheadEnd;
    write_rtcp_packet(format, RtcpType::TransportFeedback, out, [&] {
        out.u32(sender_ssrc);
        out.u32(0);
        out.u32(entry.ssrc);
        out.u32(exponent << 26 | static_cast<std::uint32_t>(mantissa) << 9 | overhead);
    });
}

}  // namespace mcu

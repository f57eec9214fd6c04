#include "mcu/rtp/rtcp/receiver_estimated_bitrate.h"

#include <algorithm>
#include <limits>

#include "common/byte_reader.h"

namespace mcu {

namespace {
constexpr std::uint32_t kIdentifier = 0x52454d42;  // "REMB"
constexpr std::int64_t kMantissaEnd = 1 << 18;
constexpr std::uint32_t kExponentThatFits = 45;  // 18 + 45 bits are a positive number
constexpr std::size_t kMostSsrcs = 255;
}  // namespace

bool ReceiverEstimatedBitrate::is(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    reader.skip(8);
    return packet.count_or_format == kFormat && reader.u32() == kIdentifier;
}

// draft-alvestrand-rmcat-remb-03 2.2
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P| FMT=15  |   PT=206      |             length            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                  SSRC of packet sender                        |
// |                  SSRC of media source (unused, 0)             |
// |  unique identifier 'R' 'E' 'M' 'B'                            |
// |  Num SSRC     | BR Exp    |  BR Mantissa (18 bits)            |
// |   SSRC feedback                                          x N  |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<ReceiverEstimatedBitrate> ReceiverEstimatedBitrate::parse(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    ReceiverEstimatedBitrate remb;
    remb.sender_ssrc = reader.u32();
    reader.u32();
    if (reader.u32() != kIdentifier) return std::nullopt;
    const std::size_t count = reader.u8();
    const std::uint32_t packed = reader.u24();
    remb.ssrc_bytes_ = reader.bytes(4 * count);
    if (reader.failed()) return std::nullopt;
    const std::uint32_t exponent = packed >> 18;
    const std::int64_t mantissa = packed & (kMantissaEnd - 1);
    remb.limit = common::Bitrate::from_bps(exponent <= kExponentThatFits
                                               ? mantissa << exponent
                                               : std::numeric_limits<std::int64_t>::max());
    return remb;
}

std::uint32_t ReceiverEstimatedBitrate::operator[](std::size_t index) const {
    return common::ByteReader(ssrc_bytes_.subspan(4 * index, 4)).u32();
}

void write_receiver_estimated_bitrate(std::uint32_t sender_ssrc, common::Bitrate limit,
                                      std::span<const std::uint32_t> media_ssrcs,
                                      common::ByteWriter& out) {
    media_ssrcs = media_ssrcs.first(std::min(media_ssrcs.size(), kMostSsrcs));
    std::int64_t mantissa = std::max<std::int64_t>(limit.bps(), 0);
    std::uint32_t exponent = 0;
    while (mantissa >= kMantissaEnd) {
        mantissa >>= 1;
        ++exponent;
    }
    write_rtcp_packet(ReceiverEstimatedBitrate::kFormat, RtcpType::PayloadFeedback, out, [&] {
        out.u32(sender_ssrc);
        out.u32(0);
        out.u32(kIdentifier);
        out.u8(static_cast<std::uint8_t>(media_ssrcs.size()));
        out.u24(exponent << 18 | static_cast<std::uint32_t>(mantissa));
        for (const std::uint32_t ssrc : media_ssrcs) out.u32(ssrc);
    });
}

}  // namespace mcu

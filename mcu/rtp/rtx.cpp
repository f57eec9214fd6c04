#include "mcu/rtp/rtx.h"

#include <algorithm>
#include <utility>

namespace mcu {

namespace {

constexpr std::uint8_t kHasExtension = 0x10, kHasMarker = 0x80;
constexpr std::size_t kExtensionHeaderBytes = 4;

std::size_t u16_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::size_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::uint32_t u32_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint32_t>(u16_at(bytes, at) << 16 | u16_at(bytes, at + 2));
}

/// Where the payload of a packet of ours begins: no CSRCs, maybe an extension.
std::size_t payload_offset(std::span<const std::uint8_t> packet) {
    if ((packet[0] & kHasExtension) == 0) return kRtpHeaderBytes;
    if (packet.size() < kRtpHeaderBytes + kExtensionHeaderBytes) return packet.size() + 1;
    return kRtpHeaderBytes + kExtensionHeaderBytes + 4 * u16_at(packet, kRtpHeaderBytes + 2);
}

}  // namespace

// RFC 4588 4:
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                         RTP header, its extension             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |      original sequence        |                               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+       original payload        |
// |                                                               |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::size_t RtxSender::repeat(std::span<const std::uint8_t> original, std::span<std::uint8_t> out,
                              common::Timestamp now) {
    if (original.size() < kRtpHeaderBytes) return 0;
    const std::size_t offset = payload_offset(original);
    const std::size_t bytes = original.size() + kMoreBytes;
    if (offset > original.size() || bytes > out.size()) return 0;
    const std::span<const std::uint8_t> head = original.first(offset);
    const std::span<const std::uint8_t> payload = original.subspan(offset);
    std::ranges::copy(head, out.begin());
    out[offset] = original[2];
    out[offset + 1] = original[3];
    std::ranges::copy(payload, out.begin() + static_cast<std::ptrdiff_t>(offset + kMoreBytes));
    line_.stamp_as(line_.format().payload_type, u32_at(original, 4), out.first(bytes),
                   (original[1] & kHasMarker) != 0, now);
    out[0] = static_cast<std::uint8_t>(out[0] | (original[0] & kHasExtension));
    return bytes;
}

PacketPtr original_of(const RtpPacket& repeat, std::uint8_t payload_type, std::uint32_t ssrc,
                      PacketPool& pool) {
    const std::span<const std::uint8_t> carried = repeat.payload();
    if (carried.size() <= RtxSender::kMoreBytes) return nullptr;
    PacketPtr buffer = pool.take();
    if (buffer == nullptr) return nullptr;
    const std::span<const std::uint8_t> payload = carried.subspan(RtxSender::kMoreBytes);
    buffer->size_bytes = kRtpHeaderBytes + payload.size();
    buffer->arrival = repeat.arrival();
    write_rtp_header({.payload_type = payload_type,
                      .marker = repeat.marker(),
                      .sequence = static_cast<std::uint16_t>(u16_at(carried, 0)),
                      .rtp_time = repeat.rtp_time(),
                      .ssrc = ssrc},
                     buffer->bytes());
    std::ranges::copy(payload, buffer->bytes().subspan(kRtpHeaderBytes).begin());
    return buffer;
}

}  // namespace mcu

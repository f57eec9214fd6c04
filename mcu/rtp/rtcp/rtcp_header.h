#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/byte_writer.h"

namespace mcu {

enum class RtcpType : std::uint8_t {
    SenderReport = 200,
    ReceiverReport = 201,
    SourceDescription = 202,
    Bye = 203,
    App = 204,
    TransportFeedback = 205,  ///< RFC 4585: NACK and others by format
    PayloadFeedback = 206,    ///< RFC 4585: PLI, FIR and others by format
    ExtendedReport = 207,
};

inline constexpr std::size_t kRtcpHeaderBytes = 4;

/// One packet of a compound: the header's fields and the body that follows, without padding.
struct RtcpBlock {
    std::uint8_t count_or_format = 0;
    std::uint8_t type = 0;  ///< an RtcpType, or one we do not know
    std::span<const std::uint8_t> body;
};

/// Writes the header, lets `write_body` append, and patches the length in words (RFC 3550 6.4.1).
/// The body must come out as whole words.
template <typename WriteBody>
void write_rtcp_packet(std::uint8_t count_or_format, RtcpType type, common::ByteWriter& out,
                       WriteBody&& write_body) {
    const std::size_t start = out.position();
    out.u8(static_cast<std::uint8_t>(0x80 | count_or_format));
    out.u8(static_cast<std::uint8_t>(type));
    out.u16(0);
    write_body();
    out.patch_u16(start + 2, static_cast<std::uint16_t>((out.position() - start) / 4 - 1));
}

}  // namespace mcu

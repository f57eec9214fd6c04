#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// Sources that leave (RFC 3550 6.6).
struct Bye {
    std::array<std::uint32_t, 31> ssrcs{};
    std::size_t ssrc_count = 0;
    std::string_view reason;  ///< into the datagram

    static std::optional<Bye> parse(const RtcpBlock& packet);
};

/// At most 31 of `ssrcs` are written; `reason` may be empty and is cut at 255 bytes.
void write_bye(std::span<const std::uint32_t> ssrcs, std::string_view reason,
               common::ByteWriter& out);

}  // namespace mcu

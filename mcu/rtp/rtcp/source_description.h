#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "mcu/rtp/rtcp/rtcp_header.h"

namespace mcu {

/// Who is behind an SSRC (RFC 3550 6.5). Of the items only CNAME is kept; the others are walked
/// over.
struct SourceDescription {
    struct Chunk {
        std::uint32_t ssrc = 0;
        std::string_view cname;  ///< into the datagram; empty when the chunk has none
    };
    std::array<Chunk, 31> chunks;
    std::size_t chunk_count = 0;

    static std::optional<SourceDescription> parse(const RtcpBlock& packet);
};

/// One chunk with a CNAME; `cname` is cut at 255 bytes.
void write_source_description(std::uint32_t ssrc, std::string_view cname, common::ByteWriter& out);

}  // namespace mcu

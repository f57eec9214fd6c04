#include "mcu/rtp/rtcp/source_description.h"

#include <algorithm>

#include "common/byte_reader.h"

namespace mcu {

namespace {

constexpr std::uint8_t kItemEnd = 0;
constexpr std::uint8_t kItemCname = 1;

std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Items up to the null octet, then to the next word. Keeps the first CNAME.
std::string_view read_items(common::ByteReader& reader) {
    std::string_view cname;
    while (!reader.failed()) {
        const std::uint8_t type = reader.u8();
        if (type == kItemEnd) break;
        const auto text = reader.bytes(reader.u8());
        if (type == kItemCname && cname.empty()) cname = as_text(text);
    }
    // A chunk ends on a word boundary, counted from the packet's start (RFC 3550 6.5); bodies start
    // on one.
    reader.skip((4 - reader.position() % 4) % 4);
    return cname;
}

}  // namespace

// RFC 3550 6.5
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    SC   |  PT=SDES=202  |             length            |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |                          SSRC/CSRC_1                          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |   CNAME=1     |     length    | user and domain name        ...
// | ...                           | 0 to 3 more null octets       |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
std::optional<SourceDescription> SourceDescription::parse(const RtcpBlock& packet) {
    common::ByteReader reader(packet.body);
    SourceDescription description;
    description.chunk_count = packet.count_or_format;
    for (std::size_t i = 0; i < description.chunk_count; ++i) {
        description.chunks[i].ssrc = reader.u32();
        description.chunks[i].cname = read_items(reader);
    }
    if (reader.failed()) return std::nullopt;
    return description;
}

void write_source_description(std::uint32_t ssrc, std::string_view cname, common::ByteWriter& out) {
    cname = cname.substr(0, 255);
    write_rtcp_packet(1, RtcpType::SourceDescription, out, [&] {
        const std::size_t start = out.position();
        out.u32(ssrc);
        out.u8(kItemCname);
        out.u8(static_cast<std::uint8_t>(cname.size()));
        out.bytes({reinterpret_cast<const std::uint8_t*>(cname.data()), cname.size()});
        do out.u8(kItemEnd);
        while ((out.position() - start) % 4 != 0);
    });
}

}  // namespace mcu

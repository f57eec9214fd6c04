// RTP header extensions from the network: two bytes of profile, then the block.
// Covers: mcu/rtp/header_extensions.cpp

#include <array>
#include <vector>

#include "common/byte_reader.h"
#include "mcu/rtp/header_extensions.h"
#include "mcu/rtp/rtp_packet.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

constexpr mcu::HeaderExtensionIds kNear{
    .mid = 1, .abs_send_time = 2, .transport_sequence = 3, .audio_level = 4, .playout_delay = 5};

mcu::HeaderExtensionIds far_ids() {
    mcu::HeaderExtensionIds ids = kNear;
    ids.mid = 200;
    return ids;
}

/// What was read can be said again, and is then read as the same.
void check(const mcu::HeaderExtensions& read, const mcu::HeaderExtensionIds& ids) {
    std::array<std::uint8_t, mcu::kMostExtensionBytes> out;
    const std::size_t bytes = mcu::write_header_extensions(read, ids, out);
    FUZZ_EXPECT(bytes % 4 == 0 && bytes <= out.size());
    if (bytes == 0) {
        FUZZ_EXPECT(read == mcu::HeaderExtensions{});
        return;
    }
    const auto profile = static_cast<std::uint16_t>(out[0] << 8 | out[1]);
    const auto block = std::span<const std::uint8_t>(out).subspan(4, bytes - 4);
    FUZZ_EXPECT(mcu::read_header_extensions(profile, block, ids) == read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    common::ByteReader input({data, size});
    const std::uint16_t profile = input.u16();
    const auto block = input.bytes(input.remaining());
    for (const mcu::HeaderExtensionIds& ids : {kNear, far_ids()}) {
        check(mcu::read_header_extensions(profile, block, ids), ids);
    }

    // The whole input as a packet: its length never changes, nor what is not a stamp.
    std::vector<std::uint8_t> datagram(data, data + size);
    mcu::restamp_header_extensions(datagram, kNear, 0xabcdef, 0x1234);
    std::vector<std::uint8_t> again = datagram;
    mcu::restamp_header_extensions(again, kNear, 0xabcdef, 0x1234);
    FUZZ_EXPECT(again == datagram);
    return 0;
}

// Clear RTP packets of a shared transport, given to the medium whose they are. Several in one
// input: a byte of length, then so many bytes. Length 255 lets a medium go and come.
// Covers: mcu/session/bundle_demux.cpp

#include <algorithm>
#include <span>

#include "mcu/rtp/header_extensions.h"
#include "mcu/rtp/packet_pool.h"
#include "mcu/rtp/rtp_packet.h"
#include "mcu/session/bundle_demux.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

std::vector<mcu::BundleDemux::Medium> media(bool screen) {
    std::vector<mcu::BundleDemux::Medium> all(2);
    all[0].mid = "0";
    all[0].payload_types.set(111);
    all[1].mid = "1";
    all[1].payload_types.set(96);
    all[1].ssrcs = {7};
    if (!screen) return all;
    all.insert(all.begin(), {.mid = "2", .payload_types = all[1].payload_types, .ssrcs = {}});
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 8192) return 0;
    static mcu::PacketPool pool(4);
    mcu::BundleDemux demux;
    bool screen = true;
    demux.set_media(media(screen));
    std::span<const std::uint8_t> rest(data, size);
    while (!rest.empty()) {
        const std::size_t wanted = rest[0];
        const auto datagram = rest.subspan(1, std::min(wanted, rest.size() - 1));
        rest = rest.subspan(1 + datagram.size());
        if (wanted == 255) {
            screen = !screen;
            demux.set_media(media(screen));
            continue;
        }
        const auto packet = mcu::RtpPacket::parse(pool.take_copy(datagram, {}));
        if (!packet) continue;
        mcu::HeaderExtensions said;
        if (packet->has_extension()) {
            said = mcu::read_header_extensions(packet->extension_profile(), packet->extension(),
                                               {.mid = 1});
        }
        const auto whose = demux.find(said.mid, packet->ssrc(), packet->payload_type());
        FUZZ_EXPECT(!whose || *whose < (screen ? 3U : 2U));
        // What is known once stays so.
        FUZZ_EXPECT(!whose || demux.find("", packet->ssrc(), packet->payload_type()) == whose);
    }
    return 0;
}

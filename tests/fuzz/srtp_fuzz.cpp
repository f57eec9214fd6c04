// Packets under a key, from anybody who can reach a media port: forged ones, and authentic ones
// whose clear text is anything. The first byte says how; see below.
// Covers: mcu/transport/srtp_session.cpp subprojects/common/common/srtp_key.cpp

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "mcu/transport/srtp_session.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Link {
    explicit Link(common::SrtpSuite suite) {
        const auto key =
            common::SrtpKey::of(suite, Bytes(common::srtp_key_bytes(suite), std::uint8_t{7}));
        FUZZ_EXPECT(key.has_value());
        FUZZ_EXPECT(common::srtp_suite_named(common::srtp_suite_name(suite)) == suite);
        sender = *mcu::SrtpSender::create(*key);
        receiver = *mcu::SrtpReceiver::create(*key);
    }
    std::unique_ptr<mcu::SrtpSender> sender;
    std::unique_ptr<mcu::SrtpReceiver> receiver;
};

std::uint64_t dropped(const mcu::SrtpReceiver& receiver) {
    const auto& c = receiver.counters();
    return c.malformed + c.forged + c.replayed + c.excess;
}

/// Opens it, and expects that it came out or was counted.
bool open(mcu::SrtpReceiver& receiver, Bytes packet, bool rtcp) {
    const std::uint64_t before = dropped(receiver);
    const auto clear = rtcp ? receiver.open_rtcp(packet) : receiver.open_rtp(packet);
    FUZZ_EXPECT(clear.has_value() == (dropped(receiver) == before));
    if (clear) FUZZ_EXPECT(clear->size() < packet.size() && clear->data() == packet.data());
    return clear.has_value();
}

/// Seals what may be no packet at all, and expects the other end to get just that, once.
void carry(Link& link, std::span<const std::uint8_t> packet, bool rtcp) {
    Bytes sealed(packet.begin(), packet.end());
    sealed.resize(packet.size() + mcu::kSrtpMostTrailerBytes);
    const std::size_t bytes = rtcp ? link.sender->protect_rtcp(sealed, packet.size())
                                   : link.sender->protect_rtp(sealed, packet.size());
    if (bytes == 0) return;
    FUZZ_EXPECT(bytes > packet.size() && bytes <= sealed.size());
    sealed.resize(bytes);
    Bytes in_place = sealed;
    const auto clear =
        rtcp ? link.receiver->open_rtcp(in_place) : link.receiver->open_rtp(in_place);
    if (!clear) return;  // an old sequence number, or a header that does not fit
    FUZZ_EXPECT(std::ranges::equal(*clear, packet));
    FUZZ_EXPECT(!open(*link.receiver, sealed, rtcp));
}

}  // namespace

// Byte 0: bits 0-1 the suite, bit 2 RTCP, bit 3 sealed by the key's owner, bit 4 cut into packets
// of 40 bytes, else one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 20'000) return 0;
    const std::uint8_t how = data[0];
    const bool rtcp = (how & 4U) != 0;
    const bool authentic = (how & 8U) != 0;
    Link link(common::kSrtpSuites[(how & 3U) % common::kSrtpSuites.size()]);
    std::span<const std::uint8_t> rest(data + 1, size - 1);
    const std::size_t at_once = (how & 16U) != 0 ? 40 : std::max<std::size_t>(rest.size(), 1);
    do {
        const auto packet = rest.first(std::min(at_once, rest.size()));
        rest = rest.subspan(packet.size());
        if (authentic) {
            carry(link, packet, rtcp);
        } else {
            FUZZ_EXPECT(!open(*link.receiver, Bytes(packet.begin(), packet.end()), rtcp));
        }
    } while (!rest.empty());
    return 0;
}

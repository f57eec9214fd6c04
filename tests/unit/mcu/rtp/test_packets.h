#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/clock.h"
#include "common/invariant.h"
#include "mcu/rtp/rtp_packet.h"

namespace tests {

using Bytes = std::vector<std::uint8_t>;

/// A slice of H.264, the first of its picture. (A function: g++ 12 warns wrongly of a list here.)
inline Bytes first_slice() {
    return {0x41, 0x9a, 0x00};
}

/// What differs between the packets of a test.
struct PacketFields {
    std::uint16_t sequence = 0;
    std::uint32_t rtp_time = 0;
    bool marker = false;
    Bytes payload = first_slice();
    std::uint32_t ssrc = 0x01020304;
    std::uint8_t payload_type = 96;
    common::Timestamp arrival = common::Timestamp::from_ns(1'000'000'000'000);
};

inline Bytes datagram_of(const PacketFields& fields) {
    Bytes datagram(mcu::kRtpHeaderBytes);
    mcu::write_rtp_header({.payload_type = fields.payload_type,
                           .marker = fields.marker,
                           .sequence = fields.sequence,
                           .rtp_time = fields.rtp_time,
                           .ssrc = fields.ssrc},
                          datagram);
    datagram.insert(datagram.end(), fields.payload.begin(), fields.payload.end());
    return datagram;
}

inline mcu::RtpPacket packet_of(mcu::PacketPool& pool, const PacketFields& fields) {
    auto packet = mcu::RtpPacket::parse(pool.take_copy(datagram_of(fields), fields.arrival));
    INVARIANT(packet.has_value());
    return std::move(*packet);
}

}  // namespace tests

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/endpoint/sound.h"

namespace endpoint {

/// All times: CLOCK_MONOTONIC, ns.
struct ReceivedPicture {
    std::int64_t arrived_ns = 0;   ///< its last packet
    std::int64_t released_ns = 0;  ///< from the jitter buffer: after those before it, or for want
                                   ///< of them
    std::uint32_t ssrc = 0, rtp_time = 0;
    bool follows_gap = false;         ///< packets before or in it never came
    std::vector<std::uint8_t> bytes;  ///< one access unit, Annex B
};

struct ReceivedSound {
    std::int64_t arrived_ns = 0;
    std::uint32_t ssrc = 0, rtp_time = 0;
    std::uint16_t sequence = 0;
    std::uint8_t payload_type = 0;
    bool marker = false;
    std::vector<std::uint8_t> payload;
};

/// One SSRC as RTP counts it.
struct StreamCount {
    std::uint64_t packets = 0, bytes = 0;                    ///< of RTP payload and header
    std::uint32_t first_sequence = 0, highest_sequence = 0;  ///< extended, RFC 3550 A.1
    double jitter_ms = 0;                                    ///< RFC 3550 A.8
    std::int64_t first_ns = 0, last_ns = 0;
    [[nodiscard]] std::uint64_t lost() const {
        const std::uint64_t expected = highest_sequence - first_sequence + 1;
        return packets == 0 || expected < packets ? 0 : expected - packets;
    }
};

/// What generic NACK did for the picture, both ways; in packets.
struct RepairCount {
    std::uint64_t asked = 0;       ///< by us; each asking counted
    std::uint64_t repaired = 0;    ///< came, after we had asked
    std::uint64_t never_came = 0;  ///< or later than we waited
    std::uint64_t asked_of_us = 0, sent_again = 0;
};

/// What one participant received, and when.
struct Recording {
    std::vector<ReceivedPicture> pictures;
    std::vector<ReceivedSound> sounds;
    std::map<std::uint32_t, StreamCount> video_streams, audio_streams;  ///< by SSRC
    std::map<std::uint8_t, AudioCodec> audio_codecs;                    ///< by payload type
    RepairCount repair;
    std::int64_t invited_ns = 0, answered_ns = 0, ended_ns = 0;
    int status = 0;  ///< the final answer to INVITE
    std::string phrase;
    int key_frame_requests_received = 0;  ///< PLI, FIR, picture_fast_update
    int fast_updates_received = 0;        ///< of these, picture_fast_update
    int remote_offers = 0;                ///< re-INVITEs of the server
};

}  // namespace endpoint

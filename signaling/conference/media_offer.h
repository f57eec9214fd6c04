#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/units.h"
#include "signaling/conference/media_security.h"

namespace signaling {

enum class MediaKind : std::uint8_t { Audio, Video, Other };

enum class MediaDirection : std::uint8_t { SendRecv, SendOnly, RecvOnly, Inactive };

[[nodiscard]] constexpr bool sends(MediaDirection d) {
    return d == MediaDirection::SendRecv || d == MediaDirection::SendOnly;
}
[[nodiscard]] constexpr bool receives(MediaDirection d) {
    return d == MediaDirection::SendRecv || d == MediaDirection::RecvOnly;
}
[[nodiscard]] constexpr MediaDirection make_direction(bool sending, bool receiving) {
    if (sending) return receiving ? MediaDirection::SendRecv : MediaDirection::SendOnly;
    return receiving ? MediaDirection::RecvOnly : MediaDirection::Inactive;
}
/// The same flow seen from the other end.
[[nodiscard]] constexpr MediaDirection reversed(MediaDirection d) {
    return make_direction(receives(d), sends(d));
}

/// One payload format. Names as registered for RTP: "opus", "G722", "PCMU", "PCMA", "H264", "VP8";
/// compared without case.
struct MediaCodec {
    std::string name;
    std::uint8_t payload_type = 0;
    int clock_rate_hz = 0;  ///< the RTP clock: G722 says 8000 (RFC 3551 4.5.2)
    int channels = 1;       ///< Opus says 2 (RFC 7587)
    std::string fmtp;       ///< RFC syntax: "profile-level-id=42e01f;packetization-mode=1"
    friend bool operator==(const MediaCodec&, const MediaCodec&) = default;
};

/// One medium as the peer described it, in an offer or in its answer to ours.
struct OfferedMedia {
    std::string mid;  ///< position in the list, "0", "1"…: stable for the whole call, whatever the
                      ///< dialect calls it
    MediaKind kind = MediaKind::Other;
    std::string content = "main";  ///< RFC 4796
    std::string label;             ///< RFC 4574; empty: none
    MediaDirection direction =
        MediaDirection::SendRecv;  ///< seen from the peer; hold has no receive in it
    /// False: the peer switched it off, or it cannot work (a transport we do not have): `why_not`
    /// says.
    bool usable = true;
    std::string why_not;
    std::string address;  ///< where the peer receives, numeric IPv4 or IPv6; empty: nowhere (held,
                          ///< or not known)
    std::uint16_t rtp_port = 0;
    std::uint16_t rtcp_port =
        0;  ///< equals `rtp_port` when only one port was named and rtcp-mux is on
    bool rtcp_mux = false;
    std::vector<MediaCodec> codecs;  ///< in the peer's order of preference, without telephone-event
    std::vector<MediaCodec> telephone_events;  ///< RFC 4733, one per clock rate
    common::Bitrate bandwidth;  ///< what the peer wants to receive of it at most; 0: not limited
    int ptime_ms = 0;           ///< 0: not said
    bool feedback_pli = false;
    bool feedback_fir = false;
    bool feedback_nack = false;
    bool feedback_tmmbr = false;
    OfferedSecurity security;
    friend bool operator==(const OfferedMedia&, const OfferedMedia&) = default;
};

/// What a peer offers (or answers), whatever its dialect: SDP, H.245, a browser's description.
struct MediaOffer {
    std::vector<OfferedMedia> media;
    common::Bitrate bandwidth{};  ///< of all media together, at most; 0: not limited
    bool by_ice = false;          ///< it says by ICE where it receives: no address is in `media`
    friend bool operator==(const MediaOffer&, const MediaOffer&) = default;
};

/// One medium seen from us: our answer to the entry of the same `mid`, or an entry of our own
/// offer.
struct AnsweredMedia {
    std::string mid;
    MediaKind kind = MediaKind::Other;
    std::string content = "main";
    bool accepted = false;
    std::string
        why_not;  ///< for people, when not accepted: "no common codec: offered AV1, have H264 VP8"
    MediaDirection direction = MediaDirection::Inactive;  ///< seen from us
    /// What the peer may send us, with our fmtp. One entry in an answer; our preferences, in order,
    /// in an offer.
    std::vector<MediaCodec> receive;
    /// What we send, with the peer's payload type and fmtp; an empty name: not settled yet (our own
    /// offer).
    MediaCodec send;
    std::uint8_t telephone_event_pt = 0;  ///< 0: none
    int telephone_event_clock_hz = 0;
    common::Bitrate bandwidth;  ///< what we want to receive at most; 0: not limited
    bool rtcp_mux = false;
    bool feedback_pli = false;
    bool feedback_fir = false;
    bool feedback_nack = false;
    bool feedback_tmmbr = false;
    AnsweredSecurity security;
    // Filled in from what the media daemon opened:
    std::string address;  ///< numeric, as the peer must send to it
    std::uint16_t rtp_port = 0;
    std::uint16_t rtcp_port = 0;
    std::uint32_t ssrc = 0;  ///< 0: not told to the peer
    std::string cname;
    std::uint32_t rtx_ssrc = 0;  ///< of repeats; 0: there are none
    friend bool operator==(const AnsweredMedia&, const AnsweredMedia&) = default;
};

/// Our side: as many entries, in the same order, as the offer it answers.
struct MediaAnswer {
    std::vector<AnsweredMedia> media;
    friend bool operator==(const MediaAnswer&, const MediaAnswer&) = default;
};

}  // namespace signaling

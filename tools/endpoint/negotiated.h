#pragma once

#include <optional>
#include <string>

#include "tools/endpoint/sound.h"
#include "tools/endpoint/srtp_suite.h"

namespace endpoint {

struct RemoteAddress {
    std::string host;
    int rtp_port = 0, rtcp_port = 0;
    friend bool operator==(const RemoteAddress&, const RemoteAddress&) = default;
};

struct NegotiatedSound {
    RemoteAddress to;
    AudioCodec codec = AudioCodec::Opus;
    int payload_type = 0;           ///< theirs
    int telephone_event_type = -1;  ///< -1: not agreed
    int telephone_event_clock_hz = 8000;
    bool send = true, receive = true;
    SrtpKey peer_key;  ///< of what they send; empty: in the open
    friend bool operator==(const NegotiatedSound&, const NegotiatedSound&) = default;
};

struct NegotiatedPicture {
    RemoteAddress to;
    int payload_type = 0;
    int packetization_mode = 0;  ///< what they can receive
    bool send = true, receive = true;
    SrtpKey peer_key;
    friend bool operator==(const NegotiatedPicture&, const NegotiatedPicture&) = default;
};

/// What an offer and its answer agreed on, seen from us. Empty: refused or not offered.
struct Negotiated {
    std::optional<NegotiatedSound> sound;
    std::optional<NegotiatedPicture> picture;
};

}  // namespace endpoint

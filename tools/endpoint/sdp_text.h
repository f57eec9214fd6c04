#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "tools/endpoint/negotiated.h"

namespace endpoint {

/// What we can do, as sofia-sip's offer/answer engine wants it: as SDP.
struct Abilities {
    std::string host;
    int audio_port = 0, video_port = 0;
    std::vector<AudioCodec> codecs;
    int packetization_mode = 1;
    int video_kbps = 2500;  ///< b=AS of the picture: what we want to receive
    std::string profile_level_id = "42e01f";
    int max_fs = 0;                   ///< macroblocks; 0: what the level says
    bool feedback_profile = false;    ///< RTP/AVPF
    bool feedback = true;             ///< PLI and FIR
    bool opus_fec = false;            ///< we can use Opus's in-band FEC
    bool nack = false;                ///< generic NACK, of the picture
    const SrtpSuite* srtp = nullptr;  ///< by SDES; null: in the open
    SrtpKey audio_key, video_key;     ///< of what we send
    bool picture = true;
};
[[nodiscard]] std::string to_sdp(const Abilities& abilities);

/// What the two SDPs agreed on, seen from `local`. A medium with port 0 is empty, and one that we
/// offered with a key and they answered without.
[[nodiscard]] common::Result<Negotiated> agreed(const std::string& local,
                                                const std::string& remote);

}  // namespace endpoint

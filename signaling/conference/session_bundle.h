#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace signaling {

/// One side's proof to the other by ICE (RFC 8839 5.4). `pwd` is a secret between the two.
struct IceProof {
    std::string ufrag;
    std::string pwd;
    friend bool operator==(const IceProof&, const IceProof&) = default;
};

/// The one transport of all media of a WebRTC peer; see `Bundle` of the contract.
struct SessionBundle {
    std::vector<std::string> mids;  ///< of the media that go by it
    IceProof local;                 ///< from a good random source; others than before: ICE anew
    IceProof remote;
    /// a=extmap, one meaning in all media; 0: not agreed.
    struct ExtensionIds {
        std::uint8_t mid = 0;
        std::uint8_t audio_level = 0;
        std::uint8_t transport_sequence = 0;
        friend bool operator==(const ExtensionIds&, const ExtensionIds&) = default;
    };
    ExtensionIds extensions;
    std::set<std::string> transport_cc;  ///< mids with transport-wide feedback
    /// By mid: what the peer says it sends (a=ssrc).
    std::map<std::string, std::vector<std::uint32_t>> remote_ssrcs;
    /// By mid: as what repeats of a payload type go and come (RFC 4588), both ways.
    std::map<std::string, std::map<std::uint8_t, std::uint8_t>> rtx;
    friend bool operator==(const SessionBundle&, const SessionBundle&) = default;
};

}  // namespace signaling

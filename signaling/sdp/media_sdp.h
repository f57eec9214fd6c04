#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "signaling/conference/media_offer.h"
#include "signaling/sdp/session_description.h"

namespace signaling {

/// What the description says about media, in protocol-neutral words: one entry per m-line, `mid`
/// its position.
///
/// Usable: audio and video over RTP/AVP, RTP/SAVP, UDP/TLS/RTP/SAVP and those with F, with a port
/// and a numeric unicast address. RTCP feedback counts under AVP too, as many room systems send it
/// so. BUNDLE and ICE are read over: the default address is used (RFC 8843 and RFC 8445 both keep
/// it working). Hold: `sendonly`, `inactive`, and the old address 0.0.0.0 (RFC 3264 8.4), which
/// takes the peer's receiving away. b=TIAS before b=AS; a session-level limit counts for video
/// where the medium has none of its own.
///
/// ByIce: addresses and ports are not looked at, and none are in what comes back; port 0 beside
/// a=bundle-only switches nothing off (RFC 9143 6).
enum class Addressing : std::uint8_t { InDescription, ByIce };
[[nodiscard]] MediaOffer media_from_sdp(const SessionDescription& description,
                                        Addressing addressing = Addressing::InDescription);

/// How an m-line must look for the rest of the dialog: a refused medium has no codecs of ours, and
/// the place of an m-line is kept for ever (RFC 3264 8).
struct SdpLine {
    std::string media;
    std::string protocol;
    std::vector<std::string> formats;
    bool names_content = false;  ///< the peer spoke of a=content: so do we
    friend bool operator==(const SdpLine&, const SdpLine&) = default;
};
[[nodiscard]] std::vector<SdpLine> lines_of(const SessionDescription& description);

/// Our side as SDP. `lines` are those of the offer this answers, or of the last description of the
/// dialog when we offer; entries beyond them get RTP/AVP, or what
/// the required protection needs. What was not accepted gets port 0.
/// `origin.address` is set from the first accepted medium.
[[nodiscard]] SessionDescription sdp_from_media(const MediaAnswer& ours,
                                                const std::vector<SdpLine>& lines,
                                                SdpOrigin origin);

}  // namespace signaling

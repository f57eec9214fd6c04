#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "signaling/conference/media_offer.h"
#include "signaling/sdp/session_description.h"

namespace signaling {

/// The payload types of one m-line with their rtpmap and fmtp, in its order; static ones (RFC 3551
/// table 4 and 5) need no rtpmap. Those that nobody explains, or that come twice, are left out.
[[nodiscard]] std::vector<MediaCodec> codecs_of(const SdpMedia& media);

/// The media's own direction, else the session's, else sendrecv (RFC 8866 6.7).
[[nodiscard]] MediaDirection direction_of(const SdpMedia& media, const SessionDescription& session);

/// "sendrecv", "sendonly", "recvonly", "inactive".
[[nodiscard]] const char* direction_name(MediaDirection direction);

/// b=TIAS (RFC 3890), else b=AS; nothing when neither is there or the value is 0.
[[nodiscard]] common::Bitrate bandwidth_of(const std::vector<SdpBandwidth>& bandwidths);

/// RFC 4585 a=rtcp-fb, for all or for any payload type: what kind ("nack pli", "ccm fir") is
/// understood. A kind of one word is that word alone: "nack" is not "nack pli".
[[nodiscard]] bool has_feedback(const SdpMedia& media, std::string_view kind);

/// The port of a=rtcp (RFC 3605), else the one after RTP's.
[[nodiscard]] std::uint16_t rtcp_port_of(const SdpMedia& media);

/// a=rtpmap and a=fmtp of one codec, appended.
void describe_codec(const MediaCodec& codec, SdpMedia& media);

}  // namespace signaling

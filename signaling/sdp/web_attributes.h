#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signaling/conference/media_offer.h"
#include "signaling/sdp/session_description.h"

namespace signaling {

/// One a=extmap (RFC 8285): what the RTP header extension `id` means.
struct HeaderExtension {
    std::uint16_t id = 0;
    MediaDirection direction = MediaDirection::SendRecv;  ///< seen from who says it
    std::string uri;
    friend bool operator==(const HeaderExtension&, const HeaderExtension&) = default;
};
/// Those of the medium, else those of the session. Left out: what cannot be read, an id beyond
/// 1…14 (the one-byte form is all we read and write) and one that came before.
[[nodiscard]] std::vector<HeaderExtension> header_extensions_of(const SdpMedia& media,
                                                                const SessionDescription& session);
/// "3 urn:…", "2/recvonly urn:…"
[[nodiscard]] std::string extmap_value(const HeaderExtension& extension);

/// The mids of the first a=group:BUNDLE (RFC 9143), in its order; empty: there is none.
[[nodiscard]] std::vector<std::string> bundle_of(const SessionDescription& description);

/// a=mid (RFC 5888); empty: there is none, or it is no token of at most 32 characters.
[[nodiscard]] std::string mid_of(const SdpMedia& media);

/// The payload type of the rtx stream (RFC 4588 8.6, apt=) that repairs `payload_type`.
[[nodiscard]] std::optional<std::uint8_t> rtx_for(const std::vector<MediaCodec>& codecs,
                                                  std::uint8_t payload_type);

/// a=rtcp-fb of this payload type or of all ("*"): "nack", "nack pli", "transport-cc"…; each once.
[[nodiscard]] std::vector<std::string> feedback_of(const SdpMedia& media,
                                                   std::uint8_t payload_type);

/// One stream that the peer says it sends: a=ssrc with its cname (RFC 5576), and the one that
/// repairs it (a=ssrc-group:FID); 0: none.
struct SentStream {
    std::uint32_t ssrc = 0;
    std::uint32_t rtx_ssrc = 0;
    std::string cname;
    friend bool operator==(const SentStream&, const SentStream&) = default;
};
/// In the order of their a=ssrc, at most eight; repairing ones are not listed by themselves.
[[nodiscard]] std::vector<SentStream> sent_streams_of(const SdpMedia& media);

/// a=msid (RFC 8830): the name of the stream whose part this medium is, and its own.
struct MediaStreamName {
    std::string stream;
    std::string track;
    friend bool operator==(const MediaStreamName&, const MediaStreamName&) = default;
};
[[nodiscard]] std::optional<MediaStreamName> msid_of(const SdpMedia& media);

}  // namespace signaling

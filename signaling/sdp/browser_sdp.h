#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "signaling/conference/media_offer.h"
#include "signaling/sdp/ice_attributes.h"
#include "signaling/sdp/session_description.h"
#include "signaling/sdp/web_attributes.h"

namespace signaling {

/// What an offer is for, and so which directions it may have.
enum class BrowserUse : std::uint8_t {
    Meet,     ///< the page: both ways
    Publish,  ///< WHIP: we only receive (RFC 9725 4.2)
    Watch,    ///< WHEP: we only send
};

/// Why an offer is not taken. The text names the line, and what was expected.
struct BrowserSdpError {
    enum class Code : std::uint8_t {
        BadSdp,
        NoFingerprint,
        NoIce,
        NotBundled,
        NoRtcpMux,
        WrongDirection,
    };
    Code code = Code::BadSdp;
    std::string text;
};
/// "no_fingerprint": the word for programs (docs/websocket.md, section 5).
[[nodiscard]] const char* code_name(BrowserSdpError::Code code);

/// What one m-line says beyond what `MediaOffer` has words for; same place as there.
struct BrowserLine {
    std::string mid;  ///< a=mid; empty: none
    std::vector<HeaderExtension> extensions;
    std::vector<SentStream> streams;
    std::optional<MediaStreamName> msid;
    friend bool operator==(const BrowserLine&, const BrowserLine&) = default;
};

/// The offer of a WebRTC endpoint: all its media by one transport.
struct BrowserOffer {
    /// To be negotiated as any other; no addresses are in it. For Publish and Watch, sendrecv
    /// counts as the one way that is meant.
    MediaOffer media;
    std::vector<BrowserLine> lines;
    IceDescription ice;              ///< with the candidates of the line whose transport counts
    SessionDescription description;  ///< as it was said
};

/// Takes offers as browsers and WHIP clients make them (JSEP, RFC 9429).
///
/// Wanted: UDP/TLS/RTP/SAVP(F), a=rtcp-mux, and where there are several audio and video lines, all
/// of them in the first a=group:BUNDLE. The first of the bundle's lines that has a=ice-ufrag speaks
/// for the transport: its ICE, fingerprint and setup hold for all (RFC 9143 7.1.3 lets the others
/// say nothing). A payload type or an extension's id must mean the same in all lines (RFC
/// 9143 9.1): by them packets are told apart. Other kinds of media (data channels) are let be, and
/// declined later.
[[nodiscard]] tl::expected<BrowserOffer, BrowserSdpError> read_browser_offer(
    const SessionDescription& description, BrowserUse use);

/// Our side of the one transport, and what we have of WebRTC.
struct BrowserSide {
    IceDescription ice;
    std::vector<std::string>
        extensions;                     ///< URIs; of those offered these are taken, ids as offered
    std::vector<std::string> feedback;  ///< beyond nack, pli and fir: "transport-cc", "goog-remb"
    bool rtx = false;
    /// By place of the medium; 0, or beyond the end: we do not repair what we send of it.
    std::vector<std::uint32_t> rtx_ssrcs;
    /// What the browser shall call our MediaStream: sound and picture in one are kept in step.
    std::string stream = "tessera";
};

/// `ours` as `negotiate` made it of `offer.media`, with SSRCs and fingerprint filled in; address
/// and ports are set from the first UDP candidate. ICE credentials, fingerprint and rtcp-mux are
/// repeated in each line although RFC 9143 7.1.3 wants them in the first alone: GStreamer's
/// webrtcbin refuses lines without, and browsers ignore them.
[[nodiscard]] SessionDescription browser_answer(MediaAnswer ours, const BrowserOffer& offer,
                                                const BrowserSide& side, SdpOrigin origin);

}  // namespace signaling

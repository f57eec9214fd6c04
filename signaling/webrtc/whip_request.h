#pragma once

#include <tl/expected.hpp>

#include "signaling/conference/call_door.h"
#include "signaling/sdp/browser_sdp.h"
#include "signaling/sdp/ice_attributes.h"
#include "signaling/webrtc/web_message.h"

// What clients of WHIP (RFC 9725) and WHEP send, read; and what they are told. Pure.
namespace signaling {

/// The offer that a POST brings: application/sdp, as `read_browser_offer` wants it. Else the
/// answer: 415 (another type), 406 (an Accept that leaves SDP out), 400 (an offer that cannot be
/// read or taken; the code is that of docs/websocket.md, the text names the line).
[[nodiscard]] tl::expected<BrowserOffer, WebResponse> read_whip_offer(const WebRequest& request,
                                                                      BrowserUse use);

/// What a PATCH brings (RFC 9725 4.3): application/trickle-ice-sdpfrag. Else the answer: 415, 400.
[[nodiscard]] tl::expected<IceFragment, WebResponse> read_whip_patch(const WebRequest& request);

/// Why the rooms do not let somebody in, in the words of HTTP: 403, 404, 406, 500 or 503, with
/// Retry-After where it helps to come again.
[[nodiscard]] WebResponse web_refusal(const Refusal& refusal);

}  // namespace signaling

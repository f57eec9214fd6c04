#pragma once

#include <string>

#include "signaling/conference/call_door.h"
#include "signaling/conference/session_bundle.h"
#include "signaling/sdp/browser_sdp.h"

namespace signaling {

/// 16 random bytes in hexadecimal: nobody guesses it.
[[nodiscard]] std::string make_secret();

/// For the o= line (RFC 9429 5.2.1: 63 bits).
[[nodiscard]] std::string make_session_number();

/// The one transport that a browser's offer asks for, with an ICE proof of ours made for it.
[[nodiscard]] SessionBundle bundle_of_offer(const BrowserOffer& offer, BrowserUse use);

/// What our answer says beyond the media. `public_address` stands for ours of its family in the
/// candidates; empty: none does. Without a candidate the media daemon opened no port.
[[nodiscard]] BrowserSide our_side(const SessionBundle& bundle, const Admitted& admitted,
                                   const std::string& public_address);

}  // namespace signaling

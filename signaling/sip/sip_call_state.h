#pragma once

#include "common/units.h"
#include "signaling/conference/call_door.h"
#include "signaling/sip/sdp_exchange.h"

namespace signaling {

/// What one call needs to go on in another process, between two exchanges: plain values.
struct SipCallState {
    ParticipantId participant;
    CallRequest request;  ///< without its offer
    MediaOffer peer_media;
    MediaAnswer our_media;
    SdpExchange::State sdp;
    common::Duration interval{};  ///< of the session timer
    bool we_refresh = true;
    common::Duration since_refresh{};
    bool peer_knows_update = false;
};

}  // namespace signaling

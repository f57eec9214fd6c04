#pragma once

#include <vector>

#include "signaling/conference/media_node.h"
#include "signaling/conference/media_offer.h"

namespace signaling {

/// What the media daemon shall run for our side `ours` and the peer's `peer` (empty: not known
/// yet). An entry of `running` that is no longer wanted stays, inactive; while our offer is not
/// answered, what was sent before is sent on. Where the peer's address changed or it came back from
/// hold, `relearn` is raised. A limit of the peer for all media is shared out among them.
[[nodiscard]] std::vector<SessionMedia> session_media(const MediaAnswer& ours,
                                                      const MediaOffer& peer,
                                                      const std::vector<SessionMedia>& running);

}  // namespace signaling

#pragma once

#include "common/clock.h"
#include "signaling/api/router.h"
#include "signaling/conference/media_node.h"
#include "signaling/conference/room_directory.h"

namespace signaling {

/// Adds what docs/openapi.yaml describes to `router`: rooms, participants, layouts, the node,
/// health. Commands are answered when the media daemon has taken them. Owner: borrows all, which
/// outlive the router's use. Thread: signald's loop.
void add_rooms_api(Router& router, RoomDirectory& rooms, MediaNode& node,
                   const common::Clock& clock);

}  // namespace signaling

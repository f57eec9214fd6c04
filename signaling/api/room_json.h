#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/units.h"
#include "signaling/conference/room_directory.h"
#include "signaling/config/settings.h"

namespace signaling {

/// JSON texts as the schemas of docs/openapi.yaml say. `running` may be null: nobody is there.
[[nodiscard]] std::string room_json(const RoomSettings& policy, const Conference* running);
[[nodiscard]] std::string rooms_json(const RoomDirectory& rooms);
[[nodiscard]] std::string participants_json(const Conference* running, common::Timestamp now);
[[nodiscard]] std::string layouts_json(const LayoutList& list);
[[nodiscard]] std::string node_json(const NodeInfo& info);

/// "layout", "show", "hide"
[[nodiscard]] std::string_view self_view_word(SelfView view);

}  // namespace signaling

#pragma once

#include <string>
#include <vector>

#include "signaling/config/settings.h"

namespace signaling {

/// One sentence for each room, and for the template, whose layout the media daemon does not know:
/// it would be drawn as `auto` without a word. `known` is what MediaNode::list_layouts gave. Pure.
[[nodiscard]] std::vector<std::string> unknown_layouts(const Settings& settings,
                                                       const std::vector<std::string>& known);

}  // namespace signaling

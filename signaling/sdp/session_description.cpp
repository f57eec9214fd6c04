#include "signaling/sdp/session_description.h"

#include <algorithm>

namespace signaling {

const SdpAttribute* find_attribute(const std::vector<SdpAttribute>& attributes,
                                   std::string_view name) {
    const auto found = std::find_if(attributes.begin(), attributes.end(),
                                    [&](const SdpAttribute& a) { return a.name == name; });
    return found == attributes.end() ? nullptr : &*found;
}

}  // namespace signaling

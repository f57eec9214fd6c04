#pragma once

#include <string>

#include "signaling/sdp/session_description.h"

namespace signaling {

/// Text in the order of RFC 8866 5, lines ending in CRLF. What `parse_sdp` reads back is the same
/// description. A line break inside a value becomes a space: no value can start a line of its own.
[[nodiscard]] std::string write_sdp(const SessionDescription& description);

}  // namespace signaling

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "signaling/sdp/session_description.h"

namespace signaling {

/// What was wrong and where. Lines count from 1; 0: the text as a whole.
struct SdpError {
    int line = 0;
    std::string message;
    /// "line 7: port '70000' of m= is not a number from 0 to 65535"
    [[nodiscard]] std::string text() const;
};

/// Bounds of what one message may make us hold. Real room systems stay below a tenth of each.
struct SdpLimits {
    std::size_t text_bytes = 64 * 1024;
    std::size_t line_bytes = 4096;
    std::size_t lines = 2000;
    std::size_t media = 32;
    std::size_t formats_per_media = 96;
    std::size_t attributes_per_section = 512;
};

/// Reads SDP as it is sent, not only as it should be.
///
/// Lenient: lines end in CRLF or LF; empty lines, letters we do not know and the order of lines
/// within a section do not matter; s= and t= may be missing. Strict: v=0 comes first, once; o= is
/// there, once; one c= a section; numbers are numbers; no NUL and no stray CR (so that nothing we
/// repeat can start a line of its own); nothing beyond the limits.
[[nodiscard]] tl::expected<SessionDescription, SdpError> parse_sdp(std::string_view text,
                                                                   const SdpLimits& limits = {});

}  // namespace signaling

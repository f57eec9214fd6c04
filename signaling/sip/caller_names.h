#pragma once

#include <string>
#include <string_view>

namespace signaling {

/// Percent-escapes of a SIP URI undone; one that is broken stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

/// What to call somebody: the display name of From (quotes and escapes undone), else the user part
/// of its URI, else the host. Valid UTF-8 without control characters, at most 64 code points; never
/// empty.
[[nodiscard]] std::string caller_name(std::string_view display, std::string_view user,
                                      std::string_view host);

}  // namespace signaling

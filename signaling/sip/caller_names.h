#pragma once

#include <string>
#include <string_view>

namespace signaling {

/// Percent-escapes of a SIP URI undone; one that is broken stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

/// The value of a parameter of a SIP URI (RFC 3261 19.1.1), its escapes undone. `parameters`:
/// "layout=1%2B5;user=phone"; names match in any case, the first counts. Empty: not there, without
/// a value, or longer than 255 bytes.
[[nodiscard]] std::string uri_parameter(std::string_view parameters, std::string_view name);

/// What to call somebody: the display name of From (quotes and escapes undone), else the user part
/// of its URI, else the host. Valid UTF-8 without control characters, at most 64 code points; never
/// empty.
[[nodiscard]] std::string caller_name(std::string_view display, std::string_view user,
                                      std::string_view host);

}  // namespace signaling

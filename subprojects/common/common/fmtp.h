#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace common {

/// The value of one parameter of an fmtp line ("a=1; b=2"), blanks around it taken off; names are
/// compared without case, and of several alike the first counts. Nothing: it is not there. A
/// parameter without "=" has an empty value; only the first "=" parts name and value (base64 ends
/// with more of them).
///
/// RFC 8866 6.15 leaves the text to each format; all of ours write it so (RFC 6184 8.2.1, RFC 7587
/// 7.1).
[[nodiscard]] std::optional<std::string_view> fmtp_parameter(std::string_view fmtp,
                                                             std::string_view name);

/// The same for a whole number; nothing when it is not there or is none.
[[nodiscard]] std::optional<std::int64_t> fmtp_number(std::string_view fmtp, std::string_view name);

}  // namespace common

#pragma once

#include <string>
#include <string_view>

namespace storage {

/// As every database takes it: UTF-8 (RFC 3629) without zero bytes. What is neither is replaced by
/// U+FFFD, byte by byte.
[[nodiscard]] std::string clean_text(std::string_view text);

}  // namespace storage

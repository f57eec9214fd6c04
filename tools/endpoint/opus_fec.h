#pragma once

#include <cstdint>
#include <span>

namespace endpoint {

/// Does this Opus packet hold a copy of the one before it (LBRR: RFC 6716 section 4.2.3)? Of
/// packets with one frame; others: false.
[[nodiscard]] bool carries_previous(std::span<const std::uint8_t> payload);

}  // namespace endpoint

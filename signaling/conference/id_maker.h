#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>

namespace signaling {

/// Makes the ids of conferences and participants: UUID version 7 (RFC 9562 5.7), which sort by time
/// of birth.
///
/// Thread: one.
class IdMaker {
  public:
    /// `unix_ms`: wall clock, milliseconds since 1970.
    IdMaker(std::uint64_t seed, std::function<std::uint64_t()> unix_ms)
        : random_(seed), unix_ms_(std::move(unix_ms)) {}
    [[nodiscard]] std::string next();

  private:
    std::mt19937_64 random_;
    std::function<std::uint64_t()> unix_ms_;
};

}  // namespace signaling

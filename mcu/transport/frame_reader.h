#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mcu/transport/receive_batch.h"

namespace mcu {

/// Bytes before each datagram of a stream: its length, big-endian (RFC 4571 2).
inline constexpr std::size_t kFrameHeaderBytes = 2;

/// Datagrams out of a stream of bytes (RFC 4571), as a TCP connection brings them.
///
/// Bounds: a datagram longer than `ReceiveBatch::kDatagramBytes` is `broken`: what follows cannot
///         be trusted, and nothing more is read.
/// Thread: one.
class FrameReader {
  public:
    /// Where bytes are to be written; never empty while not broken and `next` has said nothing.
    [[nodiscard]] std::span<std::uint8_t> room();
    /// So many of `room` were written.
    void wrote(std::size_t bytes) { end_ += bytes; }
    /// The next whole datagram, writable, valid until `room` is asked for. Empty ones are left
    /// out (RFC 4571 2 allows them).
    [[nodiscard]] std::optional<std::span<std::uint8_t>> next();
    [[nodiscard]] bool broken() const { return broken_; }

  private:
    // A few at once: a picture's packets come together.
    std::array<std::uint8_t, 8 * (kFrameHeaderBytes + ReceiveBatch::kDatagramBytes)> bytes_{};
    std::size_t begin_ = 0, end_ = 0;
    bool broken_ = false;
};

}  // namespace mcu

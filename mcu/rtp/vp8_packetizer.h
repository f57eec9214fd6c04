#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mcu {

/// Cuts one VP8 picture into RTP payloads (RFC 7741) of about equal size.
///
/// The descriptor is the one octet that must be there: without a picture id the payloads of a
/// picture are the same for everyone who gets it, and a receiver tells pictures apart by sequence
/// numbers, markers and key frames.
///
/// Use: `start(frame)`, then `next(room)` until it returns nothing. Writes straight into the
/// datagram, allocates nothing. Thread: net thread. Owner: borrows the bytes from `start` to the
/// last `next`.
class Vp8Packetizer {
  public:
    /// 1200 bytes with the RTP header.
    static constexpr std::size_t kDefaultPayloadBytes = 1188;

    struct Payload {
        std::size_t bytes = 0;
        bool last = false;  ///< of its picture: the marker (RFC 7741 4.1)
    };

    explicit Vp8Packetizer(std::size_t max_payload_bytes = kDefaultPayloadBytes);

    void start(std::span<const std::uint8_t> frame);
    /// Writes the next payload to the front of `out`, which has room for `largest_payload_bytes()`.
    [[nodiscard]] std::optional<Payload> next(std::span<std::uint8_t> out);

    [[nodiscard]] std::size_t largest_payload_bytes() const { return max_payload_bytes_; }

  private:
    std::size_t max_payload_bytes_;
    std::span<const std::uint8_t> left_;
    bool first_ = true;
};

}  // namespace mcu

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mcu {

/// Turns one picture's NAL units into RTP payloads (RFC 6184): single NAL units, and in mode 1 also
/// STAP-A for neighbours that fit together, and FU-A for what does not fit alone.
///
/// Use: `start(nals)`, then `next(room)` until it returns nothing. Writes straight into the
/// datagram, allocates nothing. Thread: net thread. Owner: borrows the NAL list and its bytes from
/// `start` to the last `next`.
class H264Packetizer {
  public:
    enum class Mode : std::uint8_t { SingleNal = 0, NonInterleaved = 1 };  ///< packetization-mode

    /// 1200 bytes with the RTP header.
    static constexpr std::size_t kDefaultPayloadBytes = 1188;
    /// What a mode 0 NAL unit may have at most: Ethernet without IPv6, UDP and RTP headers.
    static constexpr std::size_t kLargestPayloadBytes = 1500 - 40 - 8 - 12;

    struct Payload {
        std::size_t bytes = 0;
        bool last = false;  ///< of its picture: the marker (RFC 6184 5.1)
    };
    struct Counters {
        std::uint64_t oversized_sent = 0;     ///< mode 0: larger than the limit, sent as it is
        std::uint64_t oversized_dropped = 0;  ///< mode 0: larger than any datagram
    };

    explicit H264Packetizer(Mode mode, std::size_t max_payload_bytes = kDefaultPayloadBytes);

    /// NAL units without start codes. Empty ones are skipped.
    void start(std::span<const std::span<const std::uint8_t>> nals);
    /// Writes the next payload to the front of `out`, which has room for `largest_payload_bytes()`.
    [[nodiscard]] std::optional<Payload> next(std::span<std::uint8_t> out);

    [[nodiscard]] std::size_t largest_payload_bytes() const;
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    [[nodiscard]] std::size_t aggregate_count() const;
    std::size_t write_stap_a(std::size_t count, std::span<std::uint8_t> out);
    std::size_t write_fragment(std::span<std::uint8_t> out);
    void skip_unsendable();

    Mode mode_;
    std::size_t max_payload_bytes_;
    std::span<const std::span<const std::uint8_t>> nals_;
    std::size_t index_ = 0;            ///< of the NAL unit to send next
    std::size_t fragment_offset_ = 0;  ///< what of it went out in FU-A; 0: none
    Counters counters_;
};

}  // namespace mcu

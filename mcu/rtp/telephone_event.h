#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/units.h"

namespace mcu {

/// One payload of RFC 4733 2.3.
struct TelephoneEvent {
    std::uint8_t event = 0;
    bool end = false;
    std::uint8_t volume_dbm0 = 0;  ///< attenuation, 0 to 63
    std::uint16_t duration = 0;    ///< so far, in RTP clock units

    /// Nothing when shorter than four bytes. Further events behind the first are repetitions of
    /// older ones: not read.
    static std::optional<TelephoneEvent> parse(std::span<const std::uint8_t> payload);
    /// 0-9 * # A-D; nothing for other events (flash, modem tones).
    [[nodiscard]] std::optional<char> digit() const;
};

/// Makes one digit of the many packets that carry it.
///
/// A digit is reported once, at its end, with its whole duration: when the first packet with the
/// end bit comes; when all end packets were lost, at the start of the next event or kEndTimeout
/// after the last packet. Packets of one event share their RTP time, by which repetitions are
/// known. An event longer than 0xFFFF goes on in segments (RFC 4733 2.5.1.3).
///
/// Thread: net thread. Allocates nothing.
class TelephoneEventReceiver {
  public:
    static constexpr common::Duration kEndTimeout = std::chrono::milliseconds(250);

    struct Digit {
        char digit = 0;
        common::Duration duration{};
        friend bool operator==(const Digit&, const Digit&) = default;
    };
    struct Counters {
        std::uint64_t packets = 0;
        std::uint64_t bad_packets = 0;   ///< too short
        std::uint64_t other_events = 0;  ///< no digits
        std::uint64_t lost_ends = 0;     ///< digits that ended by timeout or by the next one
    };

    explicit TelephoneEventReceiver(int clock_rate_hz) : clock_rate_hz_(clock_rate_hz) {}

    /// A packet came. May report the digit that it ends, or the one before that had lost its end.
    std::optional<Digit> receive(std::span<const std::uint8_t> payload, std::uint32_t rtp_time,
                                 common::Timestamp now);
    /// Another stream: its RTP times have nothing to do with what was. A digit still pressed is not
    /// reported.
    void reset() { current_.reset(); }
    /// Reports the digit whose packets stopped without an end; ask at `next_deadline`.
    std::optional<Digit> poll(common::Timestamp now);
    [[nodiscard]] std::optional<common::Timestamp> next_deadline() const;
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    /// The event that is being pressed, or the last one reported.
    struct Current {
        char digit = 0;
        std::uint32_t rtp_time = 0;          ///< of its newest segment
        std::uint64_t earlier_segments = 0;  ///< their length
        std::uint16_t duration = 0;          ///< of the newest segment
        bool ended = false;
        bool reported = false;
        common::Timestamp last_packet;
    };
    Digit report();
    [[nodiscard]] bool is_old(std::uint32_t rtp_time, common::Timestamp now) const;
    [[nodiscard]] bool continues(char digit, std::uint32_t rtp_time) const;

    int clock_rate_hz_;
    std::optional<Current> current_;
    Counters counters_;
};

}  // namespace mcu

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/units.h"

namespace mcu {

/// Which local identifier each header extension has on a transport: what a=extmap agreed, 1 to 14,
/// or up to 255 where both forms may be mixed (RFC 8285 6). 0: not agreed.
struct HeaderExtensionIds {
    std::uint8_t mid = 0;                 ///< urn:ietf:params:rtp-hdrext:sdes:mid
    std::uint8_t abs_send_time = 0;       ///< http://www.webrtc.org/experiments/rtp-hdrext/
    std::uint8_t transport_sequence = 0;  ///< draft-holmer-rmcat-transport-wide-cc-extensions-01
    std::uint8_t audio_level = 0;         ///< urn:ietf:params:rtp-hdrext:ssrc-audio-level
    std::uint8_t playout_delay = 0;       ///< http://www.webrtc.org/experiments/rtp-hdrext/
    friend bool operator==(const HeaderExtensionIds&, const HeaderExtensionIds&) = default;
};

/// How loud a packet's sound is, said by its sender (RFC 6464).
struct AudioLevel {
    bool voice = false;         ///< may be false where the sender does not look for voice
    std::uint8_t minus_dbov{};  ///< 0 (loudest) to 127 (silence)
    friend bool operator==(const AudioLevel&, const AudioLevel&) = default;
};

/// How long the receiver shall keep a picture before it shows it. In steps of 10 ms, at most
/// kLongest.
struct PlayoutDelay {
    static constexpr common::Duration kStep = std::chrono::milliseconds(10);
    static constexpr common::Duration kLongest = 4095 * kStep;
    common::Duration least{}, most{};
    friend bool operator==(const PlayoutDelay&, const PlayoutDelay&) = default;
};

/// Seconds as 6.18 fixed point, on a circle of 64 s.
using AbsSendTime = std::uint32_t;
[[nodiscard]] AbsSendTime to_abs_send_time(common::Timestamp at);
/// How much later `later` is, within half the circle: from -32 s to 32 s.
[[nodiscard]] common::Duration abs_send_time_step(AbsSendTime earlier, AbsSendTime later);

/// What one packet's header extensions say.
struct HeaderExtensions {
    static constexpr std::size_t kMostMidBytes = 16;

    std::string_view mid;  ///< empty: not said
    std::optional<AbsSendTime> abs_send_time;
    std::optional<std::uint16_t> transport_sequence;
    std::optional<AudioLevel> audio_level;
    std::optional<PlayoutDelay> playout_delay;
    friend bool operator==(const HeaderExtensions&, const HeaderExtensions&) = default;
};

/// Reads an extension block as RtpPacket gives it, in the one-byte or the two-byte form. Unknown
/// elements, and known ones of another length than theirs, are passed over; what stands behind an
/// element that does not fit is not read. Of two of a kind the first counts. `mid` is a view into
/// `block`.
[[nodiscard]] HeaderExtensions read_header_extensions(std::uint16_t profile,
                                                      std::span<const std::uint8_t> block,
                                                      const HeaderExtensionIds& ids);

/// The largest block that `write_header_extensions` writes, with its own four bytes.
inline constexpr std::size_t kMostExtensionBytes = 48;

/// Writes what `extensions` says and `ids` knows to the front of `out` (of kMostExtensionBytes):
/// the whole block, from its profile to its padding. Returns its size, a multiple of 4; 0: there
/// is nothing to say. The header before it needs RtpHeader::extension. In the one-byte form, unless
/// an id says that the other was agreed.
[[nodiscard]] std::size_t write_header_extensions(const HeaderExtensions& extensions,
                                                  const HeaderExtensionIds& ids,
                                                  std::span<std::uint8_t> out);

/// Overwrites, in a whole RTP packet of our own, what can only be known when it goes out: its
/// send time and its number on the transport, where it has room for them. Whatever `datagram` is,
/// nothing is written outside such elements.
void restamp_header_extensions(std::span<std::uint8_t> datagram, const HeaderExtensionIds& ids,
                               AbsSendTime send_time, std::uint16_t transport_sequence);

}  // namespace mcu

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tl/expected.hpp>

#include "common/units.h"
#include "mcu/rtp/packet_pool.h"

namespace mcu {

enum class RtpParseError : std::uint8_t {
    TooShort,            ///< less than the fixed header
    BadVersion,          ///< not 2
    CsrcsBeyondEnd,      ///< the list of contributing sources does not fit
    ExtensionBeyondEnd,  ///< the header extension does not fit
    BadPadding,          ///< padding of 0 bytes, or more than there is
};

inline constexpr std::size_t kRtpHeaderBytes = 12;
/// IPv4 and UDP, which bandwidths count as well (RFC 3550 6.2, RFC 5104 4.2.1.1).
inline constexpr std::size_t kIpUdpHeaderBytes = 28;

/// One received RTP datagram (RFC 3550 5.1): its header's fields, and spans over the pooled buffer
/// it owns.
///
/// Owner:  one, moved. Spans stay valid while it lives, also across moves.
/// Errors: `parse` drops the buffer and says why in one byte.
class RtpPacket {
  public:
    static tl::expected<RtpPacket, RtpParseError> parse(PacketPtr datagram);

    [[nodiscard]] std::uint8_t payload_type() const { return payload_type_; }
    [[nodiscard]] bool marker() const { return marker_; }
    [[nodiscard]] std::uint16_t sequence() const { return sequence_; }
    [[nodiscard]] std::uint32_t rtp_time() const { return rtp_time_; }
    [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }
    [[nodiscard]] std::size_t csrc_count() const { return csrc_bytes_.size() / 4; }
    [[nodiscard]] std::uint32_t csrc(std::size_t index) const;
    [[nodiscard]] bool has_extension() const { return has_extension_; }
    /// "Defined by profile": 0xBEDE for RFC 8285 one-byte elements.
    [[nodiscard]] std::uint16_t extension_profile() const { return extension_profile_; }
    [[nodiscard]] std::span<const std::uint8_t> extension() const { return extension_; }
    /// Without padding; may be empty.
    [[nodiscard]] std::span<const std::uint8_t> payload() const { return payload_; }
    [[nodiscard]] std::size_t padding_bytes() const { return padding_bytes_; }
    [[nodiscard]] std::size_t size_bytes() const { return buffer_->size_bytes; }
    [[nodiscard]] common::Timestamp arrival() const { return buffer_->arrival; }
    /// How far below full scale its sound is, in dB, as a header extension says (RFC 6464), for
    /// whoever reads those to note; nothing: not said.
    [[nodiscard]] std::optional<std::uint8_t> minus_dbov() const { return minus_dbov_; }
    void note_level(std::uint8_t minus_dbov) { minus_dbov_ = minus_dbov; }

  private:
    explicit RtpPacket(PacketPtr buffer) : buffer_(std::move(buffer)) {}

    PacketPtr buffer_;
    std::span<const std::uint8_t> csrc_bytes_;
    std::span<const std::uint8_t> extension_;
    std::span<const std::uint8_t> payload_;
    std::size_t padding_bytes_ = 0;
    std::uint32_t rtp_time_ = 0;
    std::uint32_t ssrc_ = 0;
    std::uint16_t sequence_ = 0;
    std::uint16_t extension_profile_ = 0;
    std::uint8_t payload_type_ = 0;
    bool marker_ = false;
    bool has_extension_ = false;
    std::optional<std::uint8_t> minus_dbov_;
};

/// The fixed header of a packet to be sent: no CSRC or padding.
struct RtpHeader {
    std::uint8_t payload_type = 0;
    bool marker = false;
    std::uint16_t sequence = 0;
    std::uint32_t rtp_time = 0;
    std::uint32_t ssrc = 0;
    bool extension = false;  ///< a block of write_header_extensions follows
};

/// Writes `kRtpHeaderBytes` to the front of `datagram`, which has room for them.
void write_rtp_header(const RtpHeader& header, std::span<std::uint8_t> datagram);

/// RFC 5761 4: on a port shared by both, the second byte tells RTCP (192 to 223) from RTP.
[[nodiscard]] bool is_rtcp(std::span<const std::uint8_t> datagram);

/// Serial number arithmetic (RFC 1982): `a` comes after `b` on the 16-bit circle, within half of
/// it.
[[nodiscard]] constexpr bool sequence_after(std::uint16_t a, std::uint16_t b) {
    const auto ahead = static_cast<std::uint16_t>(a - b);
    return ahead != 0 && ahead < 0x8000;
}

}  // namespace mcu

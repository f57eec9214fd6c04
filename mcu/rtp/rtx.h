#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mcu/rtp/rtp_packet.h"
#include "mcu/rtp/rtp_sender.h"

namespace mcu {

/// Repeats of a stream as a stream of their own (RFC 4588): under another SSRC and payload type,
/// with their own sequence numbers; the original one stands before the payload. A receiver's
/// replay protection and loss counts are spared packets that come twice.
///
/// Thread: net thread. Allocates nothing.
/// Owner:  as RtpSender.
class RtxSender {
  public:
    /// What a repeat is longer by.
    static constexpr std::size_t kMoreBytes = 2;

    RtxSender(RtcpSession& rtcp, RtpSender::Format format, common::Timestamp now)
        : line_(rtcp, format, now) {}

    void set_format(RtpSender::Format format, common::Timestamp now) {
        line_.set_format(format, now);
    }
    /// Writes the repeat of a whole RTP packet of ours to the front of `out` and returns its size:
    /// kMoreBytes more; 0 where `out` is too small or that is no RTP packet.
    [[nodiscard]] std::size_t repeat(std::span<const std::uint8_t> original,
                                     std::span<std::uint8_t> out, common::Timestamp now);

    [[nodiscard]] std::uint32_t ssrc() const { return line_.ssrc(); }

  private:
    RtpSender line_;
};

/// The packet that a peer repeats, as it was but for header extensions: of `payload_type` and
/// `ssrc`, come when the repeat did. Null where the repeat carries none (padding alone, as
/// bandwidth probes are) or the pool is empty.
[[nodiscard]] PacketPtr original_of(const RtpPacket& repeat, std::uint8_t payload_type,
                                    std::uint32_t ssrc, PacketPool& pool);

}  // namespace mcu

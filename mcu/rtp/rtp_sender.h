#pragma once

#include <cstdint>
#include <span>

#include "common/units.h"
#include "mcu/rtp/ntp_time.h"
#include "mcu/rtp/rtcp/sender_report.h"
#include "mcu/rtp/rtp_packet.h"

namespace mcu {

class RtcpSession;

/// One outgoing stream's line: SSRC, sequence numbers and RTP timestamps that go on across
/// Renditions, codecs and holds.
///
/// Thread: net thread. Allocates nothing.
/// Owner:  borrows `rtcp`, which gives it its SSRC, reports for it, and outlives it.
class RtpSender {
  public:
    struct Format {
        std::uint8_t payload_type = 0;
        int clock_rate_hz = 90'000;  ///< of RTP: 8000 for G.722 too (RFC 3551 4.5.2)
    };

    /// First sequence number and timestamp are random (RFC 3550 5.1), from the RtcpSession's seed.
    RtpSender(RtcpSession& rtcp, Format format, common::Timestamp now);
    ~RtpSender();
    RtpSender(const RtpSender&) = delete;
    RtpSender& operator=(const RtpSender&) = delete;

    /// RTP time goes on from what it is at `now`, at the new clock's pace.
    void set_format(Format format, common::Timestamp now);

    [[nodiscard]] std::uint32_t rtp_time(common::Timestamp media_time) const;

    /// Writes the header over the first `kRtpHeaderBytes` of `datagram` (payload behind it
    /// already), takes the next sequence number and counts the packet as sent.
    void stamp(std::span<std::uint8_t> datagram, bool marker, common::Timestamp media_time,
               common::Timestamp now);
    /// The same with another payload type and a timestamp of its own choosing (RFC 4733 events).
    void stamp_as(std::uint8_t payload_type, std::uint32_t rtp_time,
                  std::span<std::uint8_t> datagram, bool marker, common::Timestamp now);

    /// From `sequence` on the packets stamped last went nowhere, so many of so many bytes with
    /// their headers: the numbers are taken anew.
    void take_back(std::uint16_t sequence, std::size_t packets, std::size_t bytes);

    /// For a sender report at `now`: both clocks at that moment, so that it maps the media time of
    /// every tick.
    [[nodiscard]] SenderInfo sender_info(common::Timestamp now, const NtpClock& ntp) const;

    [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }
    /// That of the packet stamped next.
    [[nodiscard]] std::uint16_t next_sequence() const { return next_sequence_; }
    [[nodiscard]] std::uint64_t packet_count() const { return packet_count_; }
    [[nodiscard]] std::uint64_t byte_count() const { return byte_count_; }    ///< with RTP headers
    [[nodiscard]] common::Timestamp last_sent() const { return last_sent_; }  ///< 0: never
    [[nodiscard]] const Format& format() const { return format_; }

  private:
    friend class RtcpSession;
    void change_ssrc(std::uint32_t ssrc);  // collision: counters start anew with it (RFC 3550 8.2)

    RtcpSession& rtcp_;
    Format format_;
    std::uint32_t ssrc_;
    std::uint16_t next_sequence_;
    std::uint32_t origin_rtp_time_;
    common::Timestamp origin_;
    std::uint32_t report_packets_ = 0,
                  report_octets_ = 0;  ///< under this SSRC, wrapping as on the wire
    std::uint64_t packet_count_ = 0, byte_count_ = 0;
    common::Timestamp last_sent_;
};

}  // namespace mcu

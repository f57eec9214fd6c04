#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "mcu/rtp/rtp_packet.h"
#include "mcu/rtp/rtp_receiver.h"

namespace mcu {

class RtcpSession;

/// Where a medium's valid packets go.
class RtpPacketSink {
  public:
    virtual ~RtpPacketSink() = default;
    /// A stream begins: the first one, another SSRC's, or the same one's after its sender
    /// restarted. What was kept of the one before is void. Comes before that stream's first
    /// `on_rtp`.
    virtual void on_stream_started(std::uint32_t ssrc) = 0;
    /// In order of arrival, not of sending. `extended_sequence` does not wrap and rises within a
    /// stream.
    virtual void on_rtp(RtpPacket packet, std::int64_t extended_sequence) = 0;
};

/// Receives one medium: lets through the one stream the peer sends now, whatever its SSRC, and
/// counts the rest.
///
/// A new SSRC takes over when it has passed probation, unless it was taken over itself and the one
/// now heard is not yet silent for kTakeOverSilence: two that send at once do not take turns. A
/// packet under one of our own SSRCs is a collision (RFC 3550 8.2): dropped, and told to the
/// RtcpSession. The packet held in probation is not lost: it comes out first.
///
/// Thread: net thread. Allocates nothing per packet.
/// Owner:  borrows `rtcp` (it registers there, for reports) and `sink`; both outlive it.
class RtpReception {
  public:
    static constexpr common::Duration kTakeOverSilence = std::chrono::seconds(1);

    struct Counters {
        std::uint64_t packets = 0, bytes = 0;  ///< let through; bytes with the RTP header
        std::uint64_t unknown_payload_type = 0;
        std::uint64_t suspect = 0;     ///< jumps that nobody confirmed
        std::uint64_t other_ssrc = 0;  ///< of sources not heard now
        std::uint64_t collisions = 0;
        std::uint64_t ssrc_changes = 0, restarts = 0;
    };

    RtpReception(RtcpSession& rtcp, RtpPacketSink& sink);
    ~RtpReception();
    RtpReception(const RtpReception&) = delete;
    RtpReception& operator=(const RtpReception&) = delete;

    /// Payload types not told are dropped. 0 Hz takes one away.
    void set_clock_rate(std::uint8_t payload_type, int clock_rate_hz);
    void receive(RtpPacket packet);
    /// The peer left, or signalling says that its SSRC may change: the next stream takes over
    /// without waiting.
    void on_bye(std::uint32_t ssrc);
    void relearn();

    /// The stream that is heard now; null before the first.
    [[nodiscard]] RtpReceiver* active() { return active_ ? &*active_ : nullptr; }
    [[nodiscard]] const RtpReceiver* active() const { return active_ ? &*active_ : nullptr; }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    /// Lost of all streams there were, with the one there is; never negative.
    [[nodiscard]] std::uint64_t lost_count() const;

  private:
    void receive_active(RtpPacket packet, int clock_rate_hz);
    void receive_candidate(RtpPacket packet, int clock_rate_hz);
    void take_over(common::Timestamp now);
    void deliver_before(std::optional<RtpPacket>& held, const RtpPacket& packet,
                        std::int64_t extended_sequence);
    [[nodiscard]] bool may_take_over(std::uint32_t ssrc, common::Timestamp now) const;
    void deliver(RtpPacket packet, std::int64_t extended_sequence);

    RtcpSession& rtcp_;
    RtpPacketSink& sink_;
    std::array<int, 128> clock_rate_by_type_{};
    std::optional<RtpReceiver> active_;
    bool active_left_ = false;
    std::optional<RtpReceiver> candidate_;
    std::optional<RtpPacket> held_;     ///< the candidate's packet in probation
    std::optional<RtpPacket> suspect_;  ///< the active stream's jump, until it is confirmed
    std::optional<common::Timestamp> last_change_;
    std::optional<std::uint32_t> displaced_ssrc_;
    std::int64_t lost_before_ = 0;
    Counters counters_;
};

}  // namespace mcu

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/thread_checker.h"
#include "mcu/rtp/congestion/path_rate.h"
#include "mcu/rtp/ntp_time.h"
#include "mcu/rtp/rtcp_session.h"
#include "mcu/rtp/rtp_reception.h"
#include "mcu/rtp/rtp_sender.h"
#include "mcu/session/media_config.h"
#include "mcu/session/media_transport.h"
#include "mcu/session/session.h"
#include "mcu/session/stream_config.h"

namespace mcu {

class BundleTransport;

/// What the streams of one session share.
struct StreamEnvironment {
    NetThread& net;
    const common::Clock& clock;
    PacketPool& pool;
    SessionObserver& observer;
    NtpClock ntp;  ///< one for all, so that sound and pictures are on one time line
    std::string cname;
    std::string who;                         ///< for logs: "conference=… session=…"
    const DtlsIdentity* identity = nullptr;  ///< null: no DTLS
};

/// What a new stream is reached by: ports of its own, or a transport that it shares.
struct StreamPorts {
    std::unique_ptr<UdpPortPair> own;
    BundleTransport* bundle = nullptr;  ///< outlives the stream
};

/// One medium of a session: its transport, RTCP and RTP in both directions wired together. Sound
/// and video derive from it and add what happens to payloads.
///
/// Thread: net thread alone, construction and destruction too.
/// Owner:  owns its ports; borrows what the environment names.
class MediaStream : private MediaTransportReader, private RtcpObserver, private RtpPacketSink {
  public:
    MediaStream(const StreamEnvironment& environment, const StreamConfig& config,
                std::uint64_t seed, StreamPorts ports);
    ~MediaStream() override;  ///< sends BYE
    MediaStream(const MediaStream&) = delete;
    MediaStream& operator=(const MediaStream&) = delete;

    /// The full desired state; repeating it is harmless. Call once after construction, too.
    void apply(const StreamConfig& config);

    [[nodiscard]] const MediaConfig& config() const { return config_.media; }
    [[nodiscard]] SocketAddress local_rtp() const { return transport_->local_rtp(); }
    [[nodiscard]] std::uint16_t rtcp_port() const { return transport_->rtcp_port(); }
    [[nodiscard]] bool bundled() const { return bundled_; }
    [[nodiscard]] std::uint32_t ssrc() const { return sender_.ssrc(); }
    /// Of repeats that go as a stream of their own; 0: none do.
    [[nodiscard]] virtual std::uint32_t rtx_ssrc() const { return 0; }
    [[nodiscard]] virtual StreamCounters counters() const;
    /// What learns of what is sent and reported; outlives the stream or is taken back. Null:
    /// nobody.
    void set_path(PathRate* path) { path_ = path; }

  protected:
    /// The format to send changed, or is told for the first time.
    virtual void on_send_format() = 0;
    virtual void on_receive_formats() = 0;
    /// Packets of a new stream follow; what was kept is void.
    virtual void on_new_stream(std::uint32_t ssrc, common::Timestamp now) = 0;
    virtual void on_packet(RtpPacket packet, std::int64_t extended_sequence) = 0;
    /// The peer asks for a start, at most ten times a second.
    virtual void on_peer_wants_start(common::Timestamp now) = 0;
    /// The peer misses these packets of ours.
    virtual void on_packets_missed(std::span<const std::uint16_t> sequences,
                                   common::Timestamp now) = 0;
    /// What was sent before belongs to another SSRC now.
    virtual void on_own_ssrc_changed() {}
    /// The peer's newest report of what we send.
    virtual void on_report(const RtcpSession::RemoteView& view);
    /// Something the derived class set a deadline for may be due.
    virtual void on_deadline(common::Timestamp now) = 0;
    [[nodiscard]] virtual std::optional<common::Timestamp> deadline() const = 0;

    /// Direction, format and a destination allow it.
    [[nodiscard]] bool may_send(common::Timestamp now) const;
    [[nodiscard]] bool may_receive() const;
    /// RTCP and deadlines that are due, then plans the next look. After anything that may have
    /// brought one near.
    void service(common::Timestamp now);
    [[nodiscard]] common::Timestamp now() const { return environment_.clock.now(); }

    [[nodiscard]] const StreamEnvironment& environment() const { return environment_; }
    [[nodiscard]] SessionObserver& observer() { return environment_.observer; }
    [[nodiscard]] StreamTransport& transport() { return *transport_; }
    [[nodiscard]] RtcpSession& rtcp() { return rtcp_; }
    [[nodiscard]] RtpSender& sender() { return sender_; }
    [[nodiscard]] PathRate* path() { return path_; }
    /// What the peer reported of what we send; nothing before its first report.
    [[nodiscard]] std::optional<RtcpSession::RemoteView> remote_view() const {
        return rtcp_.remote_view(sender_.ssrc());
    }
    /// RFC 3550's, of the stream that is heard; 0 before the first.
    [[nodiscard]] common::Duration jitter() const;
    [[nodiscard]] const RtpReception& reception() const { return reception_; }
    common::ThreadChecker net_thread_;

  private:
    void on_rtp_packet(RtpPacket packet) final;
    bool on_rtcp_datagram(std::span<const std::uint8_t> datagram, common::Timestamp arrival) final;
    void on_protection(const std::string& what) final;
    void on_transport_packet(std::uint32_t ssrc, std::uint16_t transport_sequence,
                             common::Timestamp arrival) final;
    void on_stream_started(std::uint32_t ssrc) final;
    void on_rtp(RtpPacket packet, std::int64_t extended_sequence) final;
    void on_start_wanted(std::uint32_t local_ssrc) final;
    void on_key_frame_wanted(std::uint32_t remote_ssrc) final;
    void on_bye(std::uint32_t remote_ssrc) final;
    void on_ssrc_changed(std::uint32_t old_ssrc, std::uint32_t new_ssrc) final;
    void on_packets_missed(std::uint32_t local_ssrc,
                           std::span<const std::uint16_t> sequences) final;
    void on_bitrate_limited(std::uint32_t local_ssrc, common::Bitrate limit) final;
    void on_reported(std::uint32_t local_ssrc) final;

    void apply_receive_formats();
    void receive_repeat(const RtpPacket& repeat, std::uint8_t payload_type);
    void send_rtcp(common::Timestamp now);
    void note_media(common::Timestamp now);
    void note_silence(common::Timestamp now);
    [[nodiscard]] common::Timestamp next_look() const;

    StreamEnvironment environment_;
    StreamConfig config_;
    bool applied_ = false;
    const bool bundled_;
    std::unique_ptr<StreamTransport> transport_;
    RtcpSession rtcp_;
    RtpSender sender_;
    RtpReception reception_;
    Timer timer_;
    PathRate* path_ = nullptr;
    std::array<std::uint8_t, 128> repaired_type_{};  ///< by a repeat's; kNotRepeated: it is none
    common::Timestamp last_media_;                   ///< newest packet that was let through
    bool media_flows_ = false;                       ///< as last told
    std::uint64_t starts_asked_ = 0, starts_wanted_ = 0, not_wanted_ = 0, heard_ = 0;
};

}  // namespace mcu

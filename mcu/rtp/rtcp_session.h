#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/units.h"
#include "mcu/rtp/bitrate_feedback.h"
#include "mcu/rtp/key_frame_need.h"
#include "mcu/rtp/ntp_time.h"
#include "mcu/rtp/rtcp/compound.h"
#include "mcu/rtp/rtcp_timer.h"
#include "mcu/rtp/transport_feedback_recorder.h"

namespace mcu {

class RtpReception;
class RtpSender;

/// What RTCP tells the session. Net thread, during `receive` or `poll`.
class RtcpObserver {
  public:
    virtual ~RtcpObserver() = default;
    /// The peer asks for a decodable start of the stream we send as `local_ssrc`: a PLI, or a FIR
    /// with a new sequence number. At most ten a second for each stream.
    virtual void on_start_wanted(std::uint32_t local_ssrc) = 0;
    /// We want a key frame of `remote_ssrc`, and the peer takes neither PLI nor FIR: ask by
    /// signalling. At most one a second.
    virtual void on_key_frame_wanted(std::uint32_t remote_ssrc) = 0;
    virtual void on_bye(std::uint32_t remote_ssrc) = 0;
    /// RFC 3550 8.2: the peer used our SSRC; the stream goes on under another.
    virtual void on_ssrc_changed(std::uint32_t old_ssrc, std::uint32_t new_ssrc) = 0;
    /// The peer misses these packets of ours (generic NACK), at most kMostNackedPackets at once.
    virtual void on_packets_missed(std::uint32_t local_ssrc,
                                   std::span<const std::uint16_t> sequences) = 0;
    /// The peer's TMMBR or REMB changed: send no more than this as `local_ssrc`, all headers
    /// counted. At most twice a second for each stream, and only where the one that came was
    /// agreed.
    virtual void on_bitrate_limited(std::uint32_t local_ssrc, common::Bitrate limit) = 0;
    /// The peer reported of the stream that we send it: `remote_view` is new.
    virtual void on_reported(std::uint32_t /*local_ssrc*/) {}
    /// The peer says which packets of the whole transport came. Only where that was agreed.
    virtual void on_transport_feedback(const TransportFeedback& /*feedback*/) {}
};

/// The RTCP of one transport: owns its local SSRCs, the interval timer, compounds, feedback and
/// round trips.
///
/// The session drives it: `receive` for each RTCP datagram, `poll` until it returns 0 whenever
/// `next_deadline` is reached (or after `want_key_frame`), sending what it wrote.
///
/// Thread: net thread. No clock of its own, no socket.
/// Owner:  borrows `observer`. Senders and receptions register themselves, and leave before it
/// goes. Source: RFC 3550 6 (reduced minimum of 6.2 allowed), 8.2; RFC 4585; RFC 5104 4.3.1.
class RtcpSession final : private RtcpHandler {
  public:
    struct Config {
        std::string cname;
        std::uint64_t seed = 0;
        NtpClock ntp;
        common::Bitrate session_bandwidth =
            common::Bitrate::from_kbps(1000);  ///< 5 % of it is RTCP's
        bool pli = false;                      ///< the peer takes PLI; preferred over FIR
        bool fir = false;
        bool tmmbr = false;               ///< the peer obeys TMMBR
        bool remb = false;                ///< and REMB; TMMBR is preferred
        bool transport_feedback = false;  ///< transport-wide congestion control, both ways
    };
    struct Counters {
        RtcpCounters received;
        std::uint64_t sent = 0;
        std::uint64_t plis_received = 0, firs_received = 0, fir_repetitions = 0;
        std::uint64_t nacked_packets = 0;  ///< that the peer asked for by generic NACK
        std::uint64_t nacks_sent = 0;
        std::uint64_t bitrate_requests_received = 0;
        std::uint64_t bitrate_requests_unwanted = 0;  ///< of a kind that was not agreed
        std::uint64_t transport_feedback_received = 0, transport_feedback_unwanted = 0;
        std::uint64_t plis_sent = 0, firs_sent = 0;
        std::uint64_t collisions = 0;
        std::uint64_t foreign_feedback = 0;  ///< about an SSRC that is not ours
    };
    /// What the peer said of one of our streams.
    struct RemoteView {
        double loss_fraction = 0;            ///< of its last interval, 0 to 1
        std::int32_t cumulative_lost = 0;    ///< negative where it counts what came twice
        std::uint32_t highest_sequence = 0;  ///< extended by its count of wraps
        std::uint32_t jitter_rtp = 0;        ///< in units of the stream's clock
        std::optional<common::Duration> round_trip;
        bool round_trip_is_new = false;  ///< the newest report told it
        common::Timestamp at;
    };

    RtcpSession(Config config, RtcpObserver& observer, common::Timestamp now);
    ~RtcpSession() override;
    RtcpSession(const RtcpSession&) = delete;
    RtcpSession& operator=(const RtcpSession&) = delete;

    void set_bandwidth(common::Bitrate session_bandwidth) { bandwidth_ = session_bandwidth; }
    void set_feedback(bool pli, bool fir, bool tmmbr);
    void set_remb(bool agreed);
    /// Switched on it begins anew.
    void set_transport_feedback(bool agreed);

    void receive(std::span<const std::uint8_t> datagram, common::Timestamp now);

    /// Asks for a key frame of `remote_ssrc` now, then once a second, until `key_frame_arrived`.
    /// Repeating it is harmless.
    void want_key_frame(std::uint32_t remote_ssrc, common::Timestamp now);
    void key_frame_arrived(std::uint32_t remote_ssrc);

    /// Asks for these packets of `remote_ssrc` with the next `poll`, which is due at once. In
    /// sending order; at most kMostNackedPackets are waiting, more are forgotten.
    void request_packets(std::uint32_t remote_ssrc, std::span<const std::uint16_t> sequences,
                         common::Timestamp now);
    /// How many more `request_packets` takes before the next `poll`.
    [[nodiscard]] std::size_t nack_room(std::uint32_t remote_ssrc) const;
    /// A packet with a number on the transport came, as `remote_ssrc`: to be told of in transport
    /// feedback, where that was agreed.
    void on_transport_packet(std::uint32_t remote_ssrc, std::uint16_t transport_sequence,
                             common::Timestamp arrival);
    /// Asks the peer to send no more than this as `remote_ssrc` (TMMBR, else REMB), until it
    /// confirms; repeated a few times at most. A peer that does not understand is not asked.
    void limit_sender(std::uint32_t remote_ssrc, common::Bitrate limit, common::Timestamp now);

    /// When `poll` has something to do; always a time to come or now.
    [[nodiscard]] common::Timestamp next_deadline() const;
    /// Writes the next datagram that is due into `out` (of kRtcpMaxBytes) and returns its size; 0:
    /// nothing is due.
    std::size_t poll(common::Timestamp now, std::span<std::uint8_t> out);
    /// The goodbye of all local SSRCs: send it at once and poll no more. RFC 3550 6.3.7 lets so few
    /// members not wait.
    std::size_t write_goodbye(common::Timestamp now, std::string_view reason,
                              std::span<std::uint8_t> out);

    /// Packets under our own SSRC came from outside: true (drop it), and our stream gets another
    /// SSRC. Within ten seconds of a change it is taken for a loop and only counted.
    bool on_remote_ssrc(std::uint32_t ssrc, common::Timestamp now);

    /// Our SSRC when we only receive; that of the first sender otherwise.
    [[nodiscard]] std::uint32_t report_ssrc() const;
    /// Nothing before the first report about it.
    [[nodiscard]] std::optional<RemoteView> remote_view(std::uint32_t local_ssrc) const;
    [[nodiscard]] std::string_view remote_cname() const { return remote_cname_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] std::uint64_t bitrate_requests_sent() const { return bitrate_.requests_sent(); }
    [[nodiscard]] std::uint64_t transport_feedback_sent() const {
        return recorder_ ? recorder_->sent_count() : 0;
    }

    static constexpr std::size_t kRtcpMaxBytes = 1200;

  private:
    friend class RtpReception;
    friend class RtpSender;

    struct LocalStream {
        RtpSender* sender = nullptr;
        std::uint32_t ssrc = 0;
        std::optional<RemoteView> remote;
        std::optional<common::Timestamp> start_told;  ///< limits on_start_wanted
        BitrateLimit limit;                           ///< by TMMBR
    };
    /// The last FIR number of one requester for one of our streams (RFC 5104 4.3.1.2).
    struct FirSeen {
        std::uint32_t requester = 0, media = 0;
        std::uint8_t sequence = 0;
    };

    void on_sender_report(const SenderReport& report) override;
    void on_receiver_report(const ReceiverReport& report) override;
    void on_source_description(const SourceDescription& description) override;
    void on_bye(const Bye& bye) override;
    void on_picture_loss_indication(const PictureLossIndication& pli) override;
    void on_full_intra_request(const FullIntraRequest& fir) override;
    void on_generic_nack(const GenericNack& nack) override;
    void on_temporary_bitrate_request(const TemporaryBitrate& request) override;
    void on_temporary_bitrate_notification(const TemporaryBitrate& notification) override;
    void on_receiver_estimated_bitrate(const ReceiverEstimatedBitrate& remb) override;
    void on_transport_feedback(const TransportFeedback& feedback) override;

    // For RtpSender and RtpReception.
    std::uint32_t register_sender(RtpSender& sender);
    void forget_sender(RtpSender& sender);
    void register_reception(RtpReception& reception) { receptions_.push_back(&reception); }
    void forget_reception(RtpReception& reception);
    [[nodiscard]] std::uint32_t random_u32() { return static_cast<std::uint32_t>(random_()); }

    [[nodiscard]] std::uint32_t make_ssrc();
    [[nodiscard]] bool ssrc_taken(std::uint32_t ssrc) const;
    LocalStream* find_local(std::uint32_t ssrc);
    void on_report_blocks(const ReportBlocks& blocks);
    bool is_fir_repetition(std::uint32_t requester, const FullIntraRequest::Entry& entry);
    void tell_start_wanted(std::uint32_t media_ssrc);
    void begin_compound();
    void ask(KeyFrameNeed& need);
    void write_waiting_nack();
    void write_transport_feedback_due(common::Timestamp now);
    void tell_limits(common::Timestamp now);
    void write_reports(common::Timestamp now);
    [[nodiscard]] bool sent_lately(const RtpSender& sender, common::Timestamp now) const;
    [[nodiscard]] RtcpTimer::Group group(common::Timestamp now) const;
    std::size_t finish(std::span<std::uint8_t> out);

    std::string cname_;
    RtcpObserver& observer_;
    NtpClock ntp_;
    common::Bitrate bandwidth_;
    bool pli_, fir_, tmmbr_, remb_;
    std::mt19937_64 random_;
    std::uint32_t receive_only_ssrc_ = 0;
    std::vector<LocalStream> locals_;
    std::vector<RtpReception*> receptions_;
    std::vector<KeyFrameNeed> needs_;
    std::vector<FirSeen> firs_seen_;
    std::uint32_t nack_ssrc_ = 0;  ///< whose packets `nack_waiting_` are
    std::vector<std::uint16_t> nack_waiting_, nack_received_;
    BitrateFeedback bitrate_;
    std::unique_ptr<TransportFeedbackRecorder> recorder_;  ///< null: not agreed
    std::uint32_t recorded_ssrc_ = 0;                      ///< of the packet recorded last
    std::vector<std::uint32_t>
        leaving_;  ///< SSRCs given up after a collision: BYE in the next compound
    std::optional<common::Timestamp> last_collision_;
    std::optional<common::Timestamp> last_report_;
    std::string remote_cname_;
    RtcpTimer timer_;
    std::vector<std::uint8_t> scratch_;
    Counters counters_;
    common::Timestamp now_;  ///< of the call that is running
};

}  // namespace mcu

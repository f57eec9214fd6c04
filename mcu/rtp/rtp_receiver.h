#pragma once

#include <cstdint>
#include <optional>

#include "common/units.h"
#include "mcu/rtp/ntp_time.h"
#include "mcu/rtp/rtcp/report_block.h"
#include "mcu/rtp/rtcp/sender_report.h"

namespace mcu {

/// Judges and counts the packets of one SSRC (RFC 3550 A.1, A.3, A.8).
///
/// Thread: net thread. Cost: O(1), allocates nothing.
class RtpReceiver {
  public:
    enum class Verdict : std::uint8_t {
        Probation,  ///< not yet two in sequence (A.1): hold or drop
        Accepted,   ///< in order, ahead by a gap, or late by less than kMaxMisorder
        Suspect,    ///< a jump too wide to believe until a second packet confirms it: drop
        Restarted,  ///< the jump was confirmed: the sender began anew; `extended_sequence` starts a
                    ///< new line
    };

    static constexpr int kMinSequential = 2;
    static constexpr std::uint16_t kMaxDropout = 3000;
    static constexpr std::uint16_t kMaxMisorder = 100;

    explicit RtpReceiver(std::uint32_t ssrc) : ssrc_(ssrc) {}

    /// `clock_rate_hz` is that of the packet's payload type.
    Verdict receive(std::uint16_t sequence, std::uint32_t rtp_time, int clock_rate_hz,
                    common::Timestamp arrival);
    /// The last received packet's number on a line that does not wrap. It rises by more than 2^16
    /// at a restart, so order by it is always order of sending.
    [[nodiscard]] std::int64_t extended_sequence() const { return last_extended_; }

    void on_sender_report(const SenderInfo& sender, common::Timestamp now);

    /// What we say about this source; begins a new interval of `fraction_lost`.
    ReportBlock make_report_block(common::Timestamp now);

    /// When, on the sender's wall clock, the media at `rtp_time` was taken. Nothing before its
    /// first SR.
    [[nodiscard]] std::optional<common::Duration> sender_time(std::uint32_t rtp_time,
                                                              int clock_rate_hz) const;

    [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }
    [[nodiscard]] bool valid() const { return started_ && probation_ == 0; }
    [[nodiscard]] std::uint64_t received_count() const { return received_total_; }
    /// Since the start or last restart; negative when more came than were sent (duplicates).
    [[nodiscard]] std::int64_t lost_count() const;
    [[nodiscard]] common::Duration jitter() const;
    [[nodiscard]] common::Timestamp last_arrival() const { return last_arrival_; }

  private:
    void restart(std::uint16_t sequence);
    Verdict judge(std::uint16_t sequence);
    void update_jitter(std::uint32_t rtp_time, int clock_rate_hz, common::Timestamp arrival);
    [[nodiscard]] std::int64_t expected_count() const;

    std::uint32_t ssrc_;
    bool started_ = false;
    int probation_ = 0;
    std::uint16_t max_sequence_ = 0;
    std::int64_t cycles_ = 0;       ///< shifted count of sequence number cycles
    std::int64_t line_offset_ = 0;  ///< what restarts added to extended_sequence
    std::int64_t last_extended_ = 0;
    std::uint32_t base_sequence_ = 0;
    std::optional<std::uint16_t> confirming_sequence_;  ///< A.1's bad_seq
    std::int64_t received_ = 0;                         ///< since the last restart
    std::uint64_t received_total_ = 0;
    std::int64_t expected_prior_ = 0;
    std::int64_t received_prior_ = 0;
    std::optional<std::uint32_t> last_rtp_time_;
    std::uint32_t last_arrival_ticks_ = 0;
    int clock_rate_hz_ = 0;
    std::uint32_t jitter_times_16_ = 0;
    common::Timestamp last_arrival_;
    std::optional<SenderInfo> last_sender_report_;
    common::Timestamp last_sender_report_arrival_;
};

}  // namespace mcu

#include "mcu/rtp/rtp_receiver.h"

#include <algorithm>
#include <cstdlib>

#include "common/invariant.h"
#include "mcu/rtp/rtp_clock.h"

namespace mcu {

namespace {

constexpr std::int64_t kCycle = 0x10000;
// Further than any window of numbers downstream, so that a new line never meets the old one.
constexpr std::int64_t kLineGap = 2 * kCycle;

}  // namespace

RtpReceiver::Verdict RtpReceiver::receive(std::uint16_t sequence, std::uint32_t rtp_time,
                                          int clock_rate_hz, common::Timestamp arrival) {
    INVARIANT(clock_rate_hz > 0);
    const Verdict verdict = judge(sequence);
    last_arrival_ = arrival;
    if (verdict == Verdict::Restarted) last_rtp_time_.reset();
    if (verdict != Verdict::Suspect) update_jitter(rtp_time, clock_rate_hz, arrival);
    if (verdict == Verdict::Accepted || verdict == Verdict::Restarted) ++received_total_;
    return verdict;
}

// RFC 3550 A.1. Unlike there the first packet of the two in sequence is counted as well: whoever
// held it may use it.
RtpReceiver::Verdict RtpReceiver::judge(std::uint16_t sequence) {
    if (!started_) {
        started_ = true;
        probation_ = kMinSequential - 1;
        max_sequence_ = sequence;
        return Verdict::Probation;
    }
    const auto ahead = static_cast<std::uint16_t>(sequence - max_sequence_);
    if (probation_ > 0) {
        max_sequence_ = sequence;
        if (ahead != 1) {
            probation_ = kMinSequential - 1;
            return Verdict::Probation;
        }
        if (--probation_ > 0) return Verdict::Probation;
        ++received_total_;
        restart(sequence);
        return Verdict::Accepted;
    }
    if (ahead < kMaxDropout) {
        if (sequence < max_sequence_) cycles_ += kCycle;
        max_sequence_ = sequence;
    } else if (ahead <= kCycle - kMaxMisorder) {
        if (confirming_sequence_ != sequence) {
            confirming_sequence_ = static_cast<std::uint16_t>(sequence + 1);
            return Verdict::Suspect;
        }
        ++received_total_;
        restart(sequence);
        return Verdict::Restarted;
    }
    confirming_sequence_.reset();
    ++received_;
    const auto behind = static_cast<std::uint16_t>(max_sequence_ - sequence);
    last_extended_ = line_offset_ + cycles_ + max_sequence_ - behind;
    return Verdict::Accepted;
}

/// A line begins whose second packet is `sequence`.
void RtpReceiver::restart(std::uint16_t sequence) {
    const auto first = static_cast<std::uint16_t>(sequence - 1);
    line_offset_ += cycles_ + kLineGap;
    cycles_ = sequence < first ? kCycle : 0;
    base_sequence_ = first;
    max_sequence_ = sequence;
    confirming_sequence_.reset();
    received_ = kMinSequential;
    expected_prior_ = 0;
    received_prior_ = 0;
    last_extended_ = line_offset_ + cycles_ + sequence;
}

// RFC 3550 A.8, but only where RTP time goes on. The many packets of one picture leave one after
// another, and the network's jitter is not in that. One of an earlier picture was sent again: with
// 5 % loss and a round trip of 100 ms such packets alone made 60 ms of jitter out of 10. A jump of
// more than kMaxStep is a new time line, not jitter.
void RtpReceiver::update_jitter(std::uint32_t rtp_time, int clock_rate_hz,
                                common::Timestamp arrival) {
    constexpr int kMaxStepSeconds = 5;
    const auto arrival_ticks =
        static_cast<std::uint32_t>(rtp_ticks(arrival.since_epoch(), clock_rate_hz));
    const std::int64_t most_step = std::int64_t{kMaxStepSeconds} * clock_rate_hz;
    if (last_rtp_time_ && clock_rate_hz == clock_rate_hz_) {
        const auto media_step = static_cast<std::int32_t>(rtp_time - *last_rtp_time_);
        if (media_step <= 0 && media_step >= -most_step) return;
        const auto transit_change = static_cast<std::int32_t>(
            (arrival_ticks - last_arrival_ticks_) - (rtp_time - *last_rtp_time_));
        const std::int64_t step = std::abs(static_cast<std::int64_t>(transit_change));
        if (step <= most_step) {
            jitter_times_16_ += static_cast<std::uint32_t>(step) - ((jitter_times_16_ + 8) >> 4);
        }
    } else {
        jitter_times_16_ = 0;
    }
    clock_rate_hz_ = clock_rate_hz;
    last_rtp_time_ = rtp_time;
    last_arrival_ticks_ = arrival_ticks;
}

void RtpReceiver::on_sender_report(const SenderInfo& sender, common::Timestamp now) {
    last_sender_report_ = sender;
    last_sender_report_arrival_ = now;
}

std::int64_t RtpReceiver::expected_count() const {
    return cycles_ + max_sequence_ - base_sequence_ + 1;
}

std::int64_t RtpReceiver::lost_count() const {
    return valid() ? expected_count() - received_ : 0;
}

// RFC 3550 A.3
ReportBlock RtpReceiver::make_report_block(common::Timestamp now) {
    const std::int64_t expected = expected_count();
    const std::int64_t expected_interval = expected - expected_prior_;
    const std::int64_t lost_interval = expected_interval - (received_ - received_prior_);
    expected_prior_ = expected;
    received_prior_ = received_;

    ReportBlock block;
    block.ssrc = ssrc_;
    if (expected_interval > 0 && lost_interval > 0) {
        block.fraction_lost = static_cast<std::uint8_t>(
            std::min<std::int64_t>((lost_interval << 8) / expected_interval, 255));
    }
    block.cumulative_lost =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(lost_count(), -0x800000, 0x7fffff));
    block.highest_sequence = static_cast<std::uint32_t>(cycles_ + max_sequence_);
    block.jitter = jitter_times_16_ >> 4;
    if (last_sender_report_) {
        block.last_sr = last_sender_report_->ntp.middle();
        block.delay_since_last_sr =
            static_cast<std::uint32_t>(rtp_ticks(now - last_sender_report_arrival_, 65536));
    }
    return block;
}

std::optional<common::Duration> RtpReceiver::sender_time(std::uint32_t rtp_time,
                                                         int clock_rate_hz) const {
    if (!last_sender_report_) return std::nullopt;
    const auto since_report = static_cast<std::int32_t>(rtp_time - last_sender_report_->rtp_time);
    return last_sender_report_->ntp.since_1900() + rtp_duration(since_report, clock_rate_hz);
}

common::Duration RtpReceiver::jitter() const {
    return clock_rate_hz_ == 0 ? common::Duration{}
                               : rtp_duration(jitter_times_16_ >> 4, clock_rate_hz_);
}

}  // namespace mcu

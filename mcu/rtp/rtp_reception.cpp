#include "mcu/rtp/rtp_reception.h"

#include <algorithm>
#include <utility>

#include "common/invariant.h"
#include "mcu/rtp/rtcp_session.h"

namespace mcu {

namespace {

// A candidate that was heard so lately keeps its place: two new streams at once must not undo each
// other's probation.
constexpr common::Duration kCandidateKeeps = std::chrono::milliseconds(100);

}  // namespace

RtpReception::RtpReception(RtcpSession& rtcp, RtpPacketSink& sink) : rtcp_(rtcp), sink_(sink) {
    rtcp_.register_reception(*this);
}

RtpReception::~RtpReception() {
    rtcp_.forget_reception(*this);
}

void RtpReception::set_clock_rate(std::uint8_t payload_type, int clock_rate_hz) {
    INVARIANT(payload_type < clock_rate_by_type_.size() && clock_rate_hz >= 0);
    clock_rate_by_type_[payload_type] = clock_rate_hz;
}

void RtpReception::receive(RtpPacket packet) {
    const int clock_rate_hz = clock_rate_by_type_[packet.payload_type()];
    if (clock_rate_hz == 0) {
        ++counters_.unknown_payload_type;
        return;
    }
    if (rtcp_.on_remote_ssrc(packet.ssrc(), packet.arrival())) {
        ++counters_.collisions;
        return;
    }
    if (active_ && active_->ssrc() == packet.ssrc()) {
        receive_active(std::move(packet), clock_rate_hz);
    } else {
        receive_candidate(std::move(packet), clock_rate_hz);
    }
}

void RtpReception::receive_active(RtpPacket packet, int clock_rate_hz) {
    const std::int64_t lost_so_far = active_->lost_count();
    const auto verdict =
        active_->receive(packet.sequence(), packet.rtp_time(), clock_rate_hz, packet.arrival());
    if (verdict == RtpReceiver::Verdict::Suspect) {
        ++counters_.suspect;
        suspect_ = std::move(packet);
        return;
    }
    INVARIANT(verdict != RtpReceiver::Verdict::Probation);
    active_left_ = false;
    const std::int64_t extended = active_->extended_sequence();
    if (verdict == RtpReceiver::Verdict::Restarted) {
        ++counters_.restarts;
        lost_before_ += std::max<std::int64_t>(lost_so_far, 0);
        sink_.on_stream_started(packet.ssrc());
        if (suspect_) --counters_.suspect;
        deliver_before(suspect_, packet, extended);
    }
    suspect_.reset();
    deliver(std::move(packet), extended);
}

void RtpReception::receive_candidate(RtpPacket packet, int clock_rate_hz) {
    const common::Timestamp now = packet.arrival();
    if (!candidate_ || candidate_->ssrc() != packet.ssrc()) {
        if (candidate_ && now - candidate_->last_arrival() < kCandidateKeeps) {
            ++counters_.other_ssrc;
            return;
        }
        candidate_.emplace(packet.ssrc());
        held_.reset();
    }
    const auto verdict =
        candidate_->receive(packet.sequence(), packet.rtp_time(), clock_rate_hz, now);
    if (verdict == RtpReceiver::Verdict::Probation) {
        if (held_) ++counters_.other_ssrc;
        held_ = std::move(packet);
        return;
    }
    if (verdict == RtpReceiver::Verdict::Suspect || !may_take_over(packet.ssrc(), now)) {
        ++counters_.other_ssrc;
        return;
    }
    const std::int64_t extended = candidate_->extended_sequence();
    take_over(now);
    sink_.on_stream_started(packet.ssrc());
    deliver_before(held_, packet, extended);
    deliver(std::move(packet), extended);
}

bool RtpReception::may_take_over(std::uint32_t ssrc, common::Timestamp now) const {
    if (!active_ || active_left_) return true;
    if (now - active_->last_arrival() >= kTakeOverSilence) return true;
    const bool changed_lately = last_change_ && now - *last_change_ < kTakeOverSilence;
    return !changed_lately && displaced_ssrc_ != ssrc;
}

void RtpReception::take_over(common::Timestamp now) {
    if (active_) {
        ++counters_.ssrc_changes;
        displaced_ssrc_ = active_->ssrc();
        lost_before_ += std::max<std::int64_t>(active_->lost_count(), 0);
        last_change_ = now;
    }
    active_ = std::exchange(candidate_, std::nullopt);
    active_left_ = false;
    suspect_.reset();
}

void RtpReception::deliver_before(std::optional<RtpPacket>& held, const RtpPacket& packet,
                                  std::int64_t extended_sequence) {
    if (!held) return;
    RtpPacket first = std::move(*held);
    held.reset();
    const bool neighbours = static_cast<std::uint16_t>(first.sequence() + 1) == packet.sequence();
    if (neighbours) deliver(std::move(first), extended_sequence - 1);
}

void RtpReception::deliver(RtpPacket packet, std::int64_t extended_sequence) {
    ++counters_.packets;
    counters_.bytes += packet.size_bytes();
    sink_.on_rtp(std::move(packet), extended_sequence);
}

void RtpReception::on_bye(std::uint32_t ssrc) {
    if (active_ && active_->ssrc() == ssrc) active_left_ = true;
}

void RtpReception::relearn() {
    active_left_ = true;
    displaced_ssrc_.reset();
}

std::uint64_t RtpReception::lost_count() const {
    const std::int64_t current = active_ ? std::max<std::int64_t>(active_->lost_count(), 0) : 0;
    return static_cast<std::uint64_t>(lost_before_ + current);
}

}  // namespace mcu

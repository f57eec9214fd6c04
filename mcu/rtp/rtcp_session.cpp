#include "mcu/rtp/rtcp_session.h"

#include <algorithm>
#include <array>

#include "common/invariant.h"
#include "mcu/rtp/rtp_clock.h"
#include "mcu/rtp/rtp_packet.h"
#include "mcu/rtp/rtp_reception.h"
#include "mcu/rtp/rtp_sender.h"

namespace mcu {

namespace {

constexpr std::size_t kMostRemembered = 16;  // needs and FIR requesters: one peer has one or two
// A datagram of kRtcpMaxBytes: reports and names up to 900, feedback up to 1040, a BYE of 31 SSRCs
// (128) or one with a reason.
constexpr std::size_t kMostBlocksSent = 20;
constexpr std::size_t kReportBytes =
    600;  // the last stream begins below this, and needs 300 at most
constexpr std::size_t kFeedbackBytes = 1020;
constexpr std::size_t kReasonBytes = 100;
constexpr common::Duration kStartTellInterval = std::chrono::milliseconds(100);
constexpr common::Duration kLoopGuard = std::chrono::seconds(10);
// RFC 3550 6.3.5: whoever sent nothing for two intervals is no sender; five seconds is the longest
// minimum.
constexpr common::Duration kSenderSilence = 2 * RtcpTimer::kMostMinimum;

}  // namespace

RtcpSession::RtcpSession(Config config, RtcpObserver& observer, common::Timestamp now)
    : cname_(std::move(config.cname)),
      observer_(observer),
      ntp_(config.ntp),
      bandwidth_(config.session_bandwidth),
      pli_(config.pli),
      fir_(config.fir),
      tmmbr_(config.tmmbr),
      remb_(config.remb),
      random_(config.seed),
      timer_(now),
      now_(now) {
    receive_only_ssrc_ = make_ssrc();
    scratch_.reserve(2 * kRtcpMaxBytes);
    nack_waiting_.reserve(kMostNackedPackets);
    nack_received_.reserve(kMostNackedPackets);
    set_transport_feedback(config.transport_feedback);
    timer_.start(group(now), now, random_);
}

RtcpSession::~RtcpSession() {
    INVARIANT(locals_.empty() && receptions_.empty());
}

void RtcpSession::set_feedback(bool pli, bool fir, bool tmmbr) {
    pli_ = pli;
    fir_ = fir;
    tmmbr_ = tmmbr;
}

void RtcpSession::set_remb(bool agreed) {
    remb_ = agreed;
}

void RtcpSession::set_transport_feedback(bool agreed) {
    if (agreed == (recorder_ != nullptr)) return;
    recorder_ = agreed ? std::make_unique<TransportFeedbackRecorder>() : nullptr;
}

// Local SSRCs.

std::uint32_t RtcpSession::register_sender(RtpSender& sender) {
    // The first sender inherits the SSRC that receiver reports went out under.
    const std::uint32_t ssrc = locals_.empty() ? receive_only_ssrc_ : make_ssrc();
    locals_.push_back(
        {.sender = &sender, .ssrc = ssrc, .remote = {}, .start_told = {}, .limit = {}});
    return ssrc;
}

void RtcpSession::forget_sender(RtpSender& sender) {
    const auto gone = std::find_if(locals_.begin(), locals_.end(), [&](const LocalStream& local) {
        return local.sender == &sender;
    });
    INVARIANT(gone != locals_.end());
    // Never used again: another stream under it would look like this one gone mad.
    leaving_.push_back(gone->ssrc);
    if (gone->ssrc == receive_only_ssrc_) receive_only_ssrc_ = make_ssrc();
    locals_.erase(gone);
}

void RtcpSession::forget_reception(RtpReception& reception) {
    std::erase(receptions_, &reception);
}

std::uint32_t RtcpSession::make_ssrc() {
    std::uint32_t ssrc = random_u32();
    while (ssrc == 0 || ssrc_taken(ssrc)) ssrc = random_u32();
    return ssrc;
}

bool RtcpSession::ssrc_taken(std::uint32_t ssrc) const {
    const auto local = [&](const LocalStream& stream) { return stream.ssrc == ssrc; };
    const auto remote = [&](const RtpReception* reception) {
        return reception->active() != nullptr && reception->active()->ssrc() == ssrc;
    };
    return ssrc == receive_only_ssrc_ || std::any_of(locals_.begin(), locals_.end(), local) ||
           std::any_of(receptions_.begin(), receptions_.end(), remote);
}

RtcpSession::LocalStream* RtcpSession::find_local(std::uint32_t ssrc) {
    const auto found = std::find_if(locals_.begin(), locals_.end(),
                                    [&](const LocalStream& local) { return local.ssrc == ssrc; });
    return found == locals_.end() ? nullptr : &*found;
}

bool RtcpSession::on_remote_ssrc(std::uint32_t ssrc, common::Timestamp now) {
    LocalStream* local = find_local(ssrc);
    if (local == nullptr && ssrc != receive_only_ssrc_) return false;
    ++counters_.collisions;
    if (last_collision_ && now - *last_collision_ < kLoopGuard) return true;
    last_collision_ = now;

    const std::uint32_t fresh = make_ssrc();
    leaving_.push_back(ssrc);
    if (ssrc == receive_only_ssrc_) receive_only_ssrc_ = fresh;
    if (local != nullptr) {
        local->ssrc = fresh;
        local->remote.reset();
        local->sender->change_ssrc(fresh);
        observer_.on_ssrc_changed(ssrc, fresh);
    }
    return true;
}

std::uint32_t RtcpSession::report_ssrc() const {
    return locals_.empty() ? receive_only_ssrc_ : locals_.front().ssrc;
}

std::optional<RtcpSession::RemoteView> RtcpSession::remote_view(std::uint32_t local_ssrc) const {
    for (const LocalStream& local : locals_) {
        if (local.ssrc == local_ssrc) return local.remote;
    }
    return std::nullopt;
}

// What comes in.

void RtcpSession::receive(std::span<const std::uint8_t> datagram, common::Timestamp now) {
    now_ = now;
    if (parse_rtcp(datagram, *this, counters_.received)) {
        timer_.on_datagram(datagram.size() + kIpUdpHeaderBytes);
    }
    tell_limits(now);
}

void RtcpSession::on_sender_report(const SenderReport& report) {
    if (on_remote_ssrc(report.sender.ssrc, now_)) return;
    for (RtpReception* reception : receptions_) {
        RtpReceiver* receiver = reception->active();
        if (receiver != nullptr && receiver->ssrc() == report.sender.ssrc) {
            receiver->on_sender_report(report.sender, now_);
        }
    }
    on_report_blocks(report.blocks);
}

void RtcpSession::on_receiver_report(const ReceiverReport& report) {
    if (on_remote_ssrc(report.ssrc, now_)) return;
    on_report_blocks(report.blocks);
}

void RtcpSession::on_report_blocks(const ReportBlocks& blocks) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const ReportBlock block = blocks[i];
        LocalStream* local = find_local(block.ssrc);
        if (local == nullptr) continue;
        RemoteView view;
        view.loss_fraction = block.fraction_lost / 256.0;
        view.cumulative_lost = block.cumulative_lost;
        view.highest_sequence = block.highest_sequence;
        view.jitter_rtp = block.jitter;
        view.at = now_;
        if (local->remote) view.round_trip = local->remote->round_trip;
        if (block.last_sr != 0) {
            // RFC 3550 6.4.1: A - LSR - DLSR. A peer's rounding may make a LAN's nought or
            // a little negative; one that is known is never nought.
            const std::uint32_t here = ntp_.at(now_).middle();
            const auto units =
                static_cast<std::int32_t>(here - block.last_sr - block.delay_since_last_sr);
            view.round_trip = rtp_duration(std::max(units, 1), 65536);
            view.round_trip_is_new = true;
        }
        local->remote = view;
        observer_.on_reported(local->ssrc);
    }
}

void RtcpSession::on_source_description(const SourceDescription& description) {
    for (std::size_t i = 0; i < description.chunk_count; ++i) {
        const std::string_view cname = description.chunks[i].cname;
        if (!cname.empty() && cname != remote_cname_) remote_cname_ = cname;
    }
}

void RtcpSession::on_bye(const Bye& bye) {
    for (std::size_t i = 0; i < bye.ssrc_count; ++i) {
        const std::uint32_t ssrc = bye.ssrcs[i];
        for (RtpReception* reception : receptions_) reception->on_bye(ssrc);
        key_frame_arrived(ssrc);
        observer_.on_bye(ssrc);
    }
}

void RtcpSession::on_picture_loss_indication(const PictureLossIndication& pli) {
    ++counters_.plis_received;
    tell_start_wanted(pli.media_ssrc);
}

void RtcpSession::on_full_intra_request(const FullIntraRequest& fir) {
    for (std::size_t i = 0; i < fir.size(); ++i) {
        const FullIntraRequest::Entry entry = fir[i];
        ++counters_.firs_received;
        if (find_local(entry.media_ssrc) == nullptr) {
            ++counters_.foreign_feedback;
            continue;
        }
        if (is_fir_repetition(fir.sender_ssrc, entry)) {
            ++counters_.fir_repetitions;
        } else {
            tell_start_wanted(entry.media_ssrc);
        }
    }
}

// RFC 5104 4.3.1.2: the same number from the same requester is the same request.
bool RtcpSession::is_fir_repetition(std::uint32_t requester, const FullIntraRequest::Entry& entry) {
    const auto seen = std::find_if(firs_seen_.begin(), firs_seen_.end(), [&](const FirSeen& fir) {
        return fir.requester == requester && fir.media == entry.media_ssrc;
    });
    if (seen != firs_seen_.end()) {
        const bool repeated = seen->sequence == entry.sequence;
        seen->sequence = entry.sequence;
        return repeated;
    }
    if (firs_seen_.size() == kMostRemembered) firs_seen_.erase(firs_seen_.begin());
    firs_seen_.push_back({requester, entry.media_ssrc, entry.sequence});
    return false;
}

void RtcpSession::tell_start_wanted(std::uint32_t media_ssrc) {
    LocalStream* local = find_local(media_ssrc);
    if (local == nullptr) {
        ++counters_.foreign_feedback;
        return;
    }
    // The answer to the one before is still on its way.
    if (local->start_told && now_ - *local->start_told < kStartTellInterval) return;
    local->start_told = now_;
    observer_.on_start_wanted(media_ssrc);
}

void RtcpSession::on_generic_nack(const GenericNack& nack) {
    counters_.nacked_packets += nack.packet_count();
    if (find_local(nack.media_ssrc) == nullptr) {
        ++counters_.foreign_feedback;
        return;
    }
    nack_received_.clear();
    nack.append_sequences(nack_received_, kMostNackedPackets);
    observer_.on_packets_missed(nack.media_ssrc, nack_received_);
}

// One peer: its newest request is the whole bounding set (RFC 5104 3.5.4).
void RtcpSession::on_temporary_bitrate_request(const TemporaryBitrate& request) {
    for (std::size_t i = 0; i < request.size(); ++i) {
        const TemporaryBitrate::Entry entry = request[i];
        LocalStream* local = find_local(entry.ssrc);
        if (local == nullptr) {
            ++counters_.foreign_feedback;
        } else if (!tmmbr_) {
            ++counters_.bitrate_requests_unwanted;
        } else {
            ++counters_.bitrate_requests_received;
            bitrate_.owe_confirmation(request.sender_ssrc, entry);
            local->limit.request(entry.limit);
        }
    }
}

void RtcpSession::on_temporary_bitrate_notification(const TemporaryBitrate& notification) {
    bitrate_.on_notification(notification, report_ssrc());
}

void RtcpSession::on_receiver_estimated_bitrate(const ReceiverEstimatedBitrate& remb) {
    for (std::size_t i = 0; i < remb.size(); ++i) {
        LocalStream* local = find_local(remb[i]);
        if (local == nullptr) {
            ++counters_.foreign_feedback;
        } else if (!remb_) {
            ++counters_.bitrate_requests_unwanted;
        } else {
            ++counters_.bitrate_requests_received;
            local->limit.request(remb.limit);
        }
    }
}

void RtcpSession::on_transport_feedback(const TransportFeedback& feedback) {
    if (!recorder_) {
        ++counters_.transport_feedback_unwanted;
        return;
    }
    ++counters_.transport_feedback_received;
    observer_.on_transport_feedback(feedback);
}

void RtcpSession::tell_limits(common::Timestamp now) {
    for (LocalStream& local : locals_) {
        if (const auto limit = local.limit.take_due(now)) {
            observer_.on_bitrate_limited(local.ssrc, *limit);
        }
    }
}

// What goes out.

void RtcpSession::want_key_frame(std::uint32_t remote_ssrc, common::Timestamp now) {
    auto need = std::find_if(needs_.begin(), needs_.end(), [&](const KeyFrameNeed& known) {
        return known.remote_ssrc == remote_ssrc;
    });
    if (need == needs_.end()) {
        if (needs_.size() == kMostRemembered) needs_.erase(needs_.begin());
        need = needs_.insert(needs_.end(), KeyFrameNeed{});
        need->remote_ssrc = remote_ssrc;
    }
    need->stand(now);
}

void RtcpSession::key_frame_arrived(std::uint32_t remote_ssrc) {
    for (KeyFrameNeed& need : needs_) {
        if (need.remote_ssrc == remote_ssrc) need.satisfied();
    }
}

void RtcpSession::request_packets(std::uint32_t remote_ssrc,
                                  std::span<const std::uint16_t> sequences, common::Timestamp now) {
    if (nack_ssrc_ != remote_ssrc) nack_waiting_.clear();
    nack_ssrc_ = remote_ssrc;
    now_ = now;
    for (const std::uint16_t sequence : sequences) {
        if (nack_waiting_.size() == kMostNackedPackets) return;
        nack_waiting_.push_back(sequence);
    }
}

std::size_t RtcpSession::nack_room(std::uint32_t remote_ssrc) const {
    return kMostNackedPackets - (nack_ssrc_ == remote_ssrc ? nack_waiting_.size() : 0);
}

void RtcpSession::limit_sender(std::uint32_t remote_ssrc, common::Bitrate limit,
                               common::Timestamp now) {
    if (!tmmbr_ && !remb_) return;
    bitrate_.set_kind(tmmbr_ ? BitrateFeedback::Kind::Tmmbr : BitrateFeedback::Kind::Remb);
    bitrate_.ask(remote_ssrc, limit, now);
}

void RtcpSession::on_transport_packet(std::uint32_t remote_ssrc, std::uint16_t transport_sequence,
                                      common::Timestamp arrival) {
    if (!recorder_) return;
    recorder_->on_packet(transport_sequence, arrival);
    recorded_ssrc_ = remote_ssrc;
    now_ = arrival;
}

common::Timestamp RtcpSession::next_deadline() const {
    const bool waits = !leaving_.empty() || !nack_waiting_.empty();
    common::Timestamp deadline = waits ? std::min(now_, timer_.next()) : timer_.next();
    if (const auto rate = bitrate_.next_deadline()) {
        deadline = std::min(deadline, std::max(*rate, now_));
    }
    if (recorder_) {
        if (const auto feedback = recorder_->next_deadline()) {
            deadline = std::min(deadline, std::max(*feedback, now_));
        }
    }
    for (const LocalStream& local : locals_) {
        if (const auto limit = local.limit.next_deadline()) deadline = std::min(deadline, *limit);
    }
    for (const KeyFrameNeed& need : needs_) {
        if (need.standing) deadline = std::min(deadline, need.next_ask);
    }
    return deadline;
}

std::size_t RtcpSession::poll(common::Timestamp now, std::span<std::uint8_t> out) {
    now_ = now;
    scratch_.clear();
    tell_limits(now);
    const RtcpTimer::Group members = group(now);
    if (timer_.expire(members, now, random_)) {
        write_reports(now);
        timer_.on_sent(members, now, random_);
    }
    for (KeyFrameNeed& need : needs_) {
        if (scratch_.size() < kFeedbackBytes && need.due(now)) ask(need);
    }
    if (scratch_.size() < kFeedbackBytes && bitrate_.due(now)) {
        begin_compound();
        common::ByteWriter writer(scratch_);
        bitrate_.write(report_ssrc(), now, writer);
    }
    write_waiting_nack();
    write_transport_feedback_due(now);
    if (!leaving_.empty()) {
        begin_compound();
        common::ByteWriter writer(scratch_);
        write_bye(leaving_, {}, writer);
        leaving_.clear();
    }
    return finish(out);
}

std::size_t RtcpSession::write_goodbye(common::Timestamp now, std::string_view reason,
                                       std::span<std::uint8_t> out) {
    now_ = now;
    scratch_.clear();
    write_reports(now);
    leaving_.clear();
    for (const LocalStream& local : locals_) leaving_.push_back(local.ssrc);
    if (leaving_.empty()) leaving_.push_back(receive_only_ssrc_);
    common::ByteWriter writer(scratch_);
    write_bye(leaving_, reason.substr(0, kReasonBytes), writer);
    leaving_.clear();
    return finish(out);
}

/// Feedback and BYE alone still travel behind a report and a CNAME (RFC 3550 6.1, RFC 4585 3.1).
/// Without blocks: those keep to the regular interval, or their fractions would mean nothing.
void RtcpSession::begin_compound() {
    if (!scratch_.empty()) return;
    common::ByteWriter writer(scratch_);
    write_receiver_report(report_ssrc(), {}, writer);
    write_source_description(report_ssrc(), cname_, writer);
}

void RtcpSession::ask(KeyFrameNeed& need) {
    const bool first = !need.asked;
    need.on_asked(now_);
    if (!pli_ && !fir_) {
        observer_.on_key_frame_wanted(need.remote_ssrc);
        return;
    }
    begin_compound();
    common::ByteWriter writer(scratch_);
    if (pli_) {
        ++counters_.plis_sent;
        write_picture_loss_indication(
            {.sender_ssrc = report_ssrc(), .media_ssrc = need.remote_ssrc}, writer);
        return;
    }
    ++counters_.firs_sent;
    if (first) ++need.fir_sequence;
    write_full_intra_request(
        report_ssrc(), {.media_ssrc = need.remote_ssrc, .sequence = need.fir_sequence}, writer);
}

/// Behind everything else and only where it fits: what does not comes with the next poll.
void RtcpSession::write_waiting_nack() {
    constexpr std::size_t kMostNackBytes = kRtcpHeaderBytes + 8 + 4 * kMostNackedPackets;
    if (nack_waiting_.empty() || scratch_.size() + kMostNackBytes > kFeedbackBytes) return;
    begin_compound();
    common::ByteWriter writer(scratch_);
    write_generic_nack(report_ssrc(), nack_ssrc_, nack_waiting_, writer);
    nack_waiting_.clear();
    ++counters_.nacks_sent;
}

/// As much as fits behind the rest; what does not is told with the next interval.
void RtcpSession::write_transport_feedback_due(common::Timestamp now) {
    constexpr std::size_t kLeast = 200;
    if (!recorder_ || !recorder_->due(now) || scratch_.size() + kLeast > kFeedbackBytes) return;
    begin_compound();
    common::ByteWriter writer(scratch_);
    recorder_->write(report_ssrc(), recorded_ssrc_, now, kFeedbackBytes - scratch_.size(), writer);
}

/// Our first stream carries the report blocks for all of them; each says SR or RR and its CNAME.
void RtcpSession::write_reports(common::Timestamp now) {
    std::array<ReportBlock, kMostBlocksSent> blocks;
    std::size_t block_count = 0;
    for (RtpReception* reception : receptions_) {
        RtpReceiver* receiver = reception->active();
        // RFC 3550 6.4: only sources heard since the last report.
        const bool heard =
            receiver != nullptr && (!last_report_ || receiver->last_arrival() > *last_report_);
        if (heard && block_count < blocks.size())
            blocks[block_count++] = receiver->make_report_block(now);
    }
    last_report_ = now;

    common::ByteWriter writer(scratch_);
    std::span<const ReportBlock> to_write(blocks.data(), block_count);
    for (const LocalStream& local : locals_) {
        if (sent_lately(*local.sender, now)) {
            write_sender_report(local.sender->sender_info(now, ntp_), to_write, writer);
        } else {
            write_receiver_report(local.ssrc, to_write, writer);
        }
        write_source_description(local.ssrc, cname_, writer);
        to_write = {};
        if (scratch_.size() >= kReportBytes) break;
    }
    if (!locals_.empty()) return;
    write_receiver_report(receive_only_ssrc_, to_write, writer);
    write_source_description(receive_only_ssrc_, cname_, writer);
}

bool RtcpSession::sent_lately(const RtpSender& sender, common::Timestamp now) const {
    return sender.packet_count() > 0 && now - sender.last_sent() < kSenderSilence;
}

RtcpTimer::Group RtcpSession::group(common::Timestamp now) const {
    RtcpTimer::Group group;
    group.session_bandwidth = bandwidth_;
    for (const LocalStream& local : locals_) {
        if (sent_lately(*local.sender, now)) ++group.senders;
    }
    group.we_send = group.senders > 0;
    // One peer at least, though it may not have spoken yet.
    group.members =
        std::max<std::size_t>(locals_.size(), 1) + std::max<std::size_t>(receptions_.size(), 1);
    for (const RtpReception* reception : receptions_) {
        const RtpReceiver* receiver = reception->active();
        if (receiver != nullptr && now - receiver->last_arrival() < kSenderSilence) ++group.senders;
    }
    return group;
}

std::size_t RtcpSession::finish(std::span<std::uint8_t> out) {
    if (scratch_.empty()) return 0;
    INVARIANT(out.size() >= scratch_.size());
    std::copy(scratch_.begin(), scratch_.end(), out.begin());
    ++counters_.sent;
    timer_.on_datagram(scratch_.size() + kIpUdpHeaderBytes);
    return scratch_.size();
}

}  // namespace mcu

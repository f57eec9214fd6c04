#include "mcu/session/video_stream.h"

#include <algorithm>
#include <utility>

#include "common/invariant.h"
#include "common/log.h"
#include "mcu/rtp/h264_fmtp.h"
#include "mcu/session/audio_stream.h"

namespace mcu {

using common::Duration;
using common::Timestamp;

namespace {

constexpr int kVideoClockHz = 90'000;

/// The peer's parameter sets: of the formats we receive, and of the one it described to us.
std::string sprop_of(const MediaConfig& config) {
    std::string joined;
    const auto add = [&](const std::string& text) {
        const std::optional<H264Fmtp> fmtp = H264Fmtp::parse(text);
        if (!fmtp || fmtp->sprop_parameter_sets.empty()) return;
        joined += (joined.empty() ? "" : ",") + fmtp->sprop_parameter_sets;
    };
    for (const PayloadFormat& format : config.receive) {
        if (format.video == common::VideoCodec::H264) add(format.fmtp);
    }
    if (config.sends && config.send.video == common::VideoCodec::H264) add(config.send.fmtp);
    return joined;
}

std::uint16_t sequence_of(std::span<const std::uint8_t> rtp) {
    return static_cast<std::uint16_t>(rtp[2] << 8 | rtp[3]);
}

/// Never less than what the packetizer makes of it.
std::size_t most_packets(const mixer::EncodedPicture& picture) {
    constexpr std::size_t kFragmentBytes =
        H264Packetizer::kDefaultPayloadBytes - 2;  // FU-A headers
    std::size_t packets = 0;
    for (const std::span<const std::uint8_t> nal : picture.nals) {
        packets += nal.size() / kFragmentBytes + 1;
    }
    return packets;
}

/// A little more than jitter explains: what is given up too early is a picture lost for nothing.
constexpr Duration kReorderMargin = std::chrono::milliseconds(25);
/// Between two answers to the same NACK, while the round trip is not known.
constexpr Duration kRepeatGuard = std::chrono::milliseconds(50);
/// For a missing packet, until more is known of the path.
constexpr Duration kFirstWait = std::chrono::milliseconds(100);
constexpr int kMostProbeCopies = 8;
/// So long a start may take to be whole where what it lost is sent again; each further one would
/// only take more of the path.
constexpr Duration kRepairOfStart = std::chrono::milliseconds(300);
constexpr Duration kQuestionPatience = std::chrono::milliseconds(600);
/// Of the pacer, for the picture that comes next.
constexpr std::size_t kPacerRoomKept = 512;

}  // namespace

VideoStream::VideoStream(const StreamEnvironment& environment, const StreamConfig& config,
                         std::uint64_t seed, StreamPorts ports)
    : MediaStream(environment, config, seed, std::move(ports)),
      pacer_(environment.net, [this](std::span<const Pacer::Packet> packets) {
          const Timestamp at = now();
          if (!may_send(at)) return;  // hold means now, not after the queue
          transport().send_rtp(packets, at);
          if (path() == nullptr) return;
          for (const Pacer::Packet packet : packets)
              path()->on_sent(packet.size() + kIpUdpHeaderBytes, true, at);
      }) {}

void VideoStream::set_inlet(mixer::VideoDecodeLane* lane) {
    net_thread_.check();
    if (lane_ == lane) return;
    lane_ = lane;
    // A fresh decoder knows nothing of the pictures before.
    if (lane_ != nullptr) on_decoder_lost();
}

// ---- in ----

void VideoStream::on_receive_formats() {
    std::string sprop = sprop_of(config());
    const bool known = std::ranges::find(config().receive, codec_, &PayloadFormat::video) !=
                       config().receive.end();
    if (receiver_ && sprop == sprop_ && (known || config().receive.empty())) return;
    sprop_ = std::move(sprop);
    if (!known && !config().receive.empty()) codec_ = config().receive.front().video;
    restart_receiver();
}

/// A peer may send any format that it was offered, and change over to another at any packet.
void VideoStream::follow_codec(std::uint8_t payload_type) {
    const auto format =
        std::ranges::find(config().receive, payload_type, &PayloadFormat::payload_type);
    if (format == config().receive.end() || format->video == codec_) return;
    codec_ = format->video;
    restart_receiver();
}

void VideoStream::restart_receiver() {
    before_ = picture_counters();
    receiver_.emplace(sprop_, kFirstWait, codec_);
    nack_.reset();
    if (remote_ssrc_) receiver_->on_stream_started(now());
}

void VideoStream::on_new_stream(std::uint32_t ssrc, Timestamp at) {
    if (asking_ && remote_ssrc_) rtcp().key_frame_arrived(*remote_ssrc_);
    asking_ = false;
    remote_ssrc_ = ssrc;
    timing_.reset();
    nack_.reset();
    lip_sync_.reset();
    receiver_->on_stream_started(at);
    if (peer_limit_) rtcp().limit_sender(ssrc, *peer_limit_, at);
}

void VideoStream::limit_peer(common::Bitrate limit) {
    net_thread_.check();
    peer_limit_ = limit;
    if (!remote_ssrc_) return;
    rtcp().limit_sender(*remote_ssrc_, limit, now());
    service(now());
}

void VideoStream::on_packet(RtpPacket packet, std::int64_t extended_sequence) {
    const Timestamp arrival = packet.arrival();
    follow_codec(packet.payload_type());
    if (config().feedback_nack) nack_.on_packet(extended_sequence, arrival);
    receiver_->insert(std::move(packet), extended_sequence);
    deliver(arrival);
}

void VideoStream::deliver(Timestamp at) {
    if (!receiver_) return;
    common::EncodedFrame frame;
    while (receiver_->take(at, frame)) {
        frame.due = due_of(frame);
        if (lane_ != nullptr) lane_->push(std::move(frame));
        frame = {};
    }
    if (!may_receive()) receiver_->on_paused(at);
    tell_refused_set();
    ask_for_missing(at);
    follow_key_frame_need(at);
}

void VideoStream::ask_for_missing(Timestamp at) {
    if (!remote_ssrc_ || lane_ == nullptr || !may_receive()) {
        nack_.reset();  // nobody asks: what it waits for would be due for ever
        return;
    }
    const auto remote = remote_view();
    nack_.set_path(remote && remote->round_trip ? *remote->round_trip : Duration(0), jitter());
    if (!config().feedback_nack) {
        nack_.reset();
        receiver_->set_max_wait(nack_.reorder_wait() + kReorderMargin);
        return;
    }
    receiver_->set_max_wait(nack_.longest_wait());
    nack_.forget_before(receiver_->jitter_buffer().next_sequence());
    missing_.clear();
    nack_.take_due(at, rtcp().nack_room(*remote_ssrc_), missing_);
    if (!missing_.empty()) rtcp().request_packets(*remote_ssrc_, missing_, at);
}

Timestamp VideoStream::due_of(const common::EncodedFrame& frame) {
    const Timestamp plain = timing_.due_of(frame.rtp_time_90khz, frame.arrival,
                                           lane_ == nullptr ? Duration(0) : lane_->decoding());
    const RtpReceiver* active = reception().active();
    if (sound_ == nullptr || active == nullptr) return plain;
    if (const auto heard = sound_->heard()) lip_sync_.follow_sound(heard->sender_time, heard->at);
    return lip_sync_.due_of(active->sender_time(frame.rtp_time_90khz, kVideoClockHz), plain,
                            frame.arrival);
}

// Once a call: what comes after it is counted.
void VideoStream::tell_refused_set() {
    const std::optional<common::SpsError> refusal = receiver_->refused_set();
    if (!refusal || std::exchange(refusal_told_, true)) return;
    LOG_WARNING("refused parameter set {} mid={}: {}", environment().who, config().mid,
                common::describe(*refusal));
}

VideoReceiver::Counters VideoStream::picture_counters() const {
    VideoReceiver::Counters all = before_;
    if (receiver_) all += receiver_->counters_at(now());
    return all;
}

StreamCounters VideoStream::counters() const {
    StreamCounters out = MediaStream::counters();
    const VideoReceiver::Counters pictures = picture_counters();
    out.pictures_broken = pictures.broken_pictures;
    out.freezes = pictures.freezes;
    out.longest_repair_ms =
        std::chrono::duration<double, std::milli>(pictures.longest_repair).count();
    out.packets_recovered = nack_.counters().recovered;
    if (sent_) out.packets_sent_again = sent_->counters().sent_again;
    out.reported.packets_repeated = packets_repeated_;
    return out;
}

void VideoStream::follow_key_frame_need(Timestamp at) {
    const bool wanted =
        remote_ssrc_ && lane_ != nullptr && may_receive() && receiver_->wants_key_frame();
    if (wanted == asking_) return;
    asking_ = wanted;
    if (wanted) {
        rtcp().want_key_frame(*remote_ssrc_, at);
    } else {
        rtcp().key_frame_arrived(*remote_ssrc_);
    }
}

void VideoStream::on_decoder_lost() {
    net_thread_.check();
    if (!receiver_) return;
    receiver_->on_decoder_lost();
    service(now());
}

void VideoStream::on_deadline(Timestamp at) {
    deliver(at);
}

std::optional<Timestamp> VideoStream::deadline() const {
    if (!receiver_) return std::nullopt;
    const std::optional<Timestamp> picture = receiver_->next_deadline();
    const std::optional<Timestamp> asking = nack_.next_deadline();
    if (!picture || !asking) return picture ? picture : asking;
    return std::min(*picture, *asking);
}

// ---- out ----

void VideoStream::on_send_format() {
    if (config().send.video == common::VideoCodec::Vp8) {
        packetizer_.emplace<Vp8Packetizer>();
    } else {
        const std::optional<H264Fmtp> fmtp = H264Fmtp::parse(config().send.fmtp);
        packetizer_.emplace<H264Packetizer>(fmtp ? fmtp->packetization_mode
                                                 : H264Packetizer::Mode::SingleNal);
    }
    start_there_.reset();
    needs_key_ = true;
    question_.reset();
    line_.clear();
    if (!config().feedback_nack) {
        sent_.reset();
    } else if (!sent_) {
        sent_.emplace();
    }
    follow_rtx(now());
}

void VideoStream::follow_rtx(Timestamp at) {
    const PayloadFormat& format = config().send;
    if (format.rtx_payload_type == 0 || !config().feedback_nack) return rtx_.reset();
    const RtpSender::Format repeats{format.rtx_payload_type, format.clock_rate_hz};
    if (rtx_) return rtx_->set_format(repeats, at);
    rtx_.emplace(rtcp(), repeats, at);
}

void VideoStream::on_packets_missed(std::span<const std::uint16_t> sequences, Timestamp at) {
    if (!sent_ || !may_send(at) || !pacer_.has_room(sequences.size())) return;
    const auto remote = remote_view();
    const Duration round_trip = remote && remote->round_trip ? *remote->round_trip : kRepeatGuard;
    answer_question(sequences, at);
    note_missed(sequences, at);
    if (path() != nullptr && path()->overflows()) return;
    for (const std::uint16_t sequence : sequences) {
        const auto packet = sent_->take(sequence, at, round_trip);
        if (packet) send_again(*packet, at);
    }
    pacer_.flush(at);  // a link that loses is the worst place for a burst
}

void VideoStream::on_own_ssrc_changed() {
    if (sent_) sent_->clear();  // under the old SSRC nobody wants them, under the new they are lies
    question_.reset();
    line_.clear();
    if (path() != nullptr) path()->forget_reports();
}

void VideoStream::on_peer_wants_start(Timestamp at) {
    if (start_there_ && at < *start_there_) {
        // It may have seen that one, broken, and may not ask again.
        start_owed_ = start_owed_ || at >= start_seen_;
        return;
    }
    ask_start(at, kLeastStartInterval);
}

void VideoStream::on_overflow() {
    net_thread_.check();
    ask_start(now(), kLeastStartInterval);
}

void VideoStream::ask_start(Timestamp at, Duration least_interval) {
    if (start_asked_ && at - *start_asked_ < least_interval) return;
    start_asked_ = at;
    observer().on_start_wanted(config().mid);
}

void VideoStream::send(const mixer::EncodedPicture& picture) {
    net_thread_.check();
    const Timestamp at = now();
    // Another codec was agreed on; what was encoded before is still on its way.
    if (picture.codec != config().send.video) return;
    const std::size_t times = 1 + static_cast<std::size_t>(std::max(repeats_.key, repeats_.others));
    if (start_owed_ && start_there_ && at >= *start_there_) {
        start_owed_ = false;
        ask_start(at, kLeastStartInterval);
    }
    // A start that was asked for before may still come of the larger picture.
    const bool begins = picture.key && picture.rendition != rendition_;
    if (skips_until_ && !begins && at < *skips_until_) return;
    skips_until_.reset();
    limit_pace(picture.key, at);
    if (!may_send(at) || pacer_.backlog(at) > kLongestBacklog ||
        !pacer_.has_room(times * (most_packets(picture) + RepeatLine::kMostBehind))) {
        needs_key_ = true;
        return;
    }
    if (needs_key_ && !picture.key) {
        ask_start(at, kStartRepeat);
        return;
    }
    needs_key_ = false;
    // On a narrow path what came before would only hold up what begins now.
    if (picture.key && sent_ && path() != nullptr && path()->rate().bps() > 0) sent_->clear();
    rendition_ = picture.rendition;
    packetize(picture, at);
    if (picture.key) note_start(at);
}

/// A large picture and all that wait behind it go as fast as any path should take them; what comes
/// alone waits for nothing.
void VideoStream::limit_pace(bool key, Timestamp at) {
    if (path() == nullptr) return pacer_.limit({});
    const bool large = sent_ && (key || pacer_.waiting_count() > 0);
    pacer_.limit(large ? path()->pace_of_key(at) : path()->pace(at));
}

void VideoStream::note_start(Timestamp at) {
    start_there_.reset();
    start_owed_ = false;
    if (path() == nullptr || !sent_) return;
    const auto remote = remote_view();
    const Duration round_trip = remote && remote->round_trip ? *remote->round_trip : Duration(0);
    start_seen_ = at + pacer_.backlog(at) + round_trip;
    start_there_ = start_seen_ + kRepairOfStart;
}

void VideoStream::skip_to_start() {
    net_thread_.check();
    needs_key_ = true;
    skips_until_ = now() + kLongestSkip;
    if (sent_) sent_->clear();
    question_.reset();
    const Pacer::Dropped dropped = pacer_.drop_waiting();
    if (dropped.packets > 0)
        sender().take_back(sequence_of(dropped.first), dropped.packets, dropped.bytes);
}

void VideoStream::on_path_rate(Duration queue) {
    const Timestamp at = now();
    pacer_.limit(path()->pace(at));
    if (queue > Duration(0)) pacer_.hold_until(at + queue);
}

void VideoStream::packetize(const mixer::EncodedPicture& picture, Timestamp at) {
    const int repeats = sent_ ? 0 : picture.key ? repeats_.key : repeats_.others;
    follow_question(at);
    if (auto* vp8 = std::get_if<Vp8Packetizer>(&packetizer_)) {
        vp8->start(picture.nals.front());
    } else {
        std::get<H264Packetizer>(packetizer_).start(picture.nals);
    }
    line_.begin_picture();
    while (true) {
        const std::span<std::uint8_t> buffer = pacer_.next_buffer();
        const auto payload = next_payload(buffer.subspan(kRtpHeaderBytes));
        if (!payload) break;
        const std::size_t bytes = kRtpHeaderBytes + payload->bytes;
        const std::uint16_t sequence = sender().next_sequence();
        sender().stamp(buffer.first(bytes), payload->last, picture.media_time, at);
        if (sent_) sent_->keep(buffer.first(bytes), sequence, at + pacer_.backlog(at));
        if (payload->last && path() != nullptr && sent_ && path()->wants_answer(at)) {
            question_ = Question{.sequence = sequence, .asked = {}};
            break;
        }
        if (repeats > 0) line_.keep(buffer.first(bytes));
        pacer_.add(bytes);
        probe_with(buffer.first(bytes), at);
        // A second copy follows at once: it is for losses that know nothing of each other.
        for (int copy = 1; copy < repeats; ++copy) queue_copy(line_.newest());
        while (line_.has_due()) queue_copy(line_.take());
    }
    while (line_.has_older()) queue_copy(line_.take());
    pacer_.flush(at);
}

std::optional<VideoStream::Payload> VideoStream::next_payload(std::span<std::uint8_t> out) {
    return std::visit(
        [out](auto& packetizer) -> std::optional<Payload> {
            const auto payload = packetizer.next(out);
            if (!payload) return std::nullopt;
            return Payload{.bytes = payload->bytes, .last = payload->last};
        },
        packetizer_);
}

void VideoStream::queue(std::span<const std::uint8_t> packet, Pacer::Packets which) {
    std::ranges::copy(packet, pacer_.next_buffer(which).begin());
    pacer_.add(packet.size(), which);
}

void VideoStream::send_again(std::span<const std::uint8_t> packet, Timestamp at) {
    if (!rtx_) return queue(packet, Pacer::Packets::Repair);
    const std::size_t bytes = rtx_->repeat(packet, pacer_.next_buffer(Pacer::Packets::Repair), at);
    if (bytes == 0) return;
    pacer_.add(bytes, Pacer::Packets::Repair);
    ++repeats_by_rtx_;
}

/// While the path is tried with more than the picture needs: the packet again, as often as is owed.
void VideoStream::probe_with(std::span<const std::uint8_t> packet, Timestamp at) {
    if (path() == nullptr || !owes(packet.size(), at)) return;
    std::ranges::copy(packet, probe_.begin());
    const auto copy = std::span(probe_).first(packet.size());
    for (int i = 0; i < kMostProbeCopies && owes(copy.size(), at); ++i) {
        if (!pacer_.has_room(kPacerRoomKept)) return;
        queue_copy(copy);
    }
}

/// What waits to go out is not owed any more.
bool VideoStream::owes(std::size_t bytes, Timestamp at) {
    return path()->owed_bytes(at) >= pacer_.waiting_bytes() + bytes;
}

void VideoStream::on_report(const RtcpSession::RemoteView& view) {
    // Without NACK, jitter that reorders and the loss that it makes look like a queue: LossGuard
    // alone sees to such a viewer.
    if (path() == nullptr || !sent_) return;
    // What came again as another stream still counts as lost in reports of this one.
    PathReport report{
        .at = view.at,
        .highest_sequence = view.highest_sequence,
        .cumulative_lost = view.cumulative_lost - static_cast<std::int32_t>(repeats_by_rtx_),
        .round_trip = {}};
    if (view.round_trip_is_new) report.round_trip = view.round_trip;
    path()->on_report(report);
}

void VideoStream::note_missed(std::span<const std::uint16_t> sequences, Timestamp at) {
    if (path() == nullptr) return;
    std::size_t packets = 0;
    Duration least = RetransmissionStore::kLongestKept;
    for (const std::uint16_t sequence : sequences) {
        const std::optional<Duration> age = sent_->age(sequence, at);
        if (!age) continue;
        ++packets;
        least = std::min(least, *age);
    }
    path()->on_missed(packets, least, at);
}

/// The next packet shows the peer the gap. Whoever does not ask gets it all the same.
void VideoStream::follow_question(Timestamp at) {
    if (!question_) return;
    if (!question_->asked) {
        question_->asked = at + pacer_.backlog(at);
        if (path() != nullptr) path()->on_question(*question_->asked);
    }
    if (at - *question_->asked < kQuestionPatience) return;
    if (const auto packet = sent_->take(question_->sequence, at, Duration(0)))
        send_again(*packet, at);
    question_.reset();
}

void VideoStream::answer_question(std::span<const std::uint16_t> missed, Timestamp at) {
    if (!question_ || !question_->asked || path() == nullptr) return;
    if (std::ranges::find(missed, question_->sequence) == missed.end()) return;
    path()->on_answer(at - *question_->asked, at);
    question_.reset();
}

/// Not counted as sent: reports to the peer tell each packet once, and so it reckons what it lost.
void VideoStream::queue_copy(std::span<const std::uint8_t> copy) {
    queue(copy, Pacer::Packets::Again);
    ++packets_repeated_;
}

}  // namespace mcu

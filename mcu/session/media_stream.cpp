#include "mcu/session/media_stream.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "mcu/rtp/rtx.h"
#include "mcu/session/bundle_transport.h"

namespace mcu {

using common::Duration;
using common::Timestamp;

namespace {

constexpr int kVideoClockHz = 90'000;
constexpr std::uint8_t kNotRepeated = 128;
constexpr Duration kLeastLook = std::chrono::milliseconds(1);

// 5 % of it is RTCP's; where signalling sets no limit.
common::Bitrate rtcp_bandwidth(const MediaConfig& config) {
    if (config.bandwidth.bps() > 0) return config.bandwidth;
    return common::Bitrate::from_kbps(config.kind == MediaKind::Audio ? 64 : 1000);
}

RtpSender::Format send_format(const MediaConfig& config) {
    if (config.sends) return {config.send.payload_type, config.send.clock_rate_hz};
    return {0, config.kind == MediaKind::Audio ? 8000 : kVideoClockHz};
}

bool same_format(const PayloadFormat& a, const PayloadFormat& b) {
    return a.payload_type == b.payload_type && a.audio == b.audio && a.video == b.video &&
           a.clock_rate_hz == b.clock_rate_hz && a.fmtp == b.fmtp &&
           a.rtx_payload_type == b.rtx_payload_type;
}

bool same_receive_formats(const MediaConfig& a, const MediaConfig& b) {
    return std::ranges::equal(a.receive, b.receive, same_format) &&
           a.telephone_event_pt == b.telephone_event_pt &&
           a.telephone_event_clock_hz == b.telephone_event_clock_hz;
}

std::unique_ptr<StreamTransport> open_transport(const StreamEnvironment& environment,
                                                const MediaConfig& media, StreamPorts ports,
                                                MediaTransportReader& reader) {
    if (ports.bundle != nullptr) {
        return std::make_unique<BundledMedium>(*ports.bundle, media, reader);
    }
    return std::make_unique<MediaTransport>(environment.net, environment.pool, environment.identity,
                                            std::move(ports.own), reader);
}

}  // namespace

MediaStream::MediaStream(const StreamEnvironment& environment, const StreamConfig& config,
                         std::uint64_t seed, StreamPorts ports)
    : environment_(environment),
      config_(config),
      bundled_(ports.bundle != nullptr),
      transport_(open_transport(environment, config.media, std::move(ports), *this)),
      rtcp_({.cname = environment.cname,
             .seed = seed,
             .ntp = environment.ntp,
             .session_bandwidth = rtcp_bandwidth(config.media),
             .pli = config.media.feedback_pli,
             .fir = config.media.feedback_fir,
             .tmmbr = config.media.feedback_tmmbr,
             .remb = config.media.feedback_remb,
             .transport_feedback = config.media.feedback_transport_cc},
            *this, now()),
      sender_(rtcp_, send_format(config.media), now()),
      reception_(rtcp_, *this),
      timer_(environment.net, [this] { service(now()); }) {
    net_thread_.check();
}

MediaStream::~MediaStream() {
    net_thread_.check();
    std::array<std::uint8_t, RtcpSession::kRtcpMaxBytes> buffer;
    const Timestamp at = now();
    const std::size_t bytes = rtcp_.write_goodbye(at, {}, buffer);
    if (bytes > 0) transport_->send_rtcp(std::span(buffer).first(bytes), at);
}

void MediaStream::apply(const StreamConfig& config) {
    net_thread_.check();
    const Timestamp at = now();
    const StreamConfig before = std::exchange(config_, config);
    const MediaConfig& media = config_.media;
    const bool first = !std::exchange(applied_, true);

    const bool peer_changed = first || !(before.peer == config.peer);
    transport_->set_media(media);
    transport_->set_peer(config.peer);
    transport_->set_security(media.security);
    // A new address is signalling enough; the first one may only confirm what was learnt.
    const bool moved = peer_changed && !first && before.peer.rtp.valid();
    if (moved || media.relearn > before.media.relearn) {
        transport_->relearn(at);
        reception_.relearn();
    }
    rtcp_.set_bandwidth(rtcp_bandwidth(media));
    rtcp_.set_feedback(media.feedback_pli, media.feedback_fir, media.feedback_tmmbr);
    rtcp_.set_remb(media.feedback_remb);
    if (before.media.feedback_transport_cc != media.feedback_transport_cc) {
        rtcp_.set_transport_feedback(media.feedback_transport_cc);
    }
    if (first || !same_receive_formats(before.media, media)) apply_receive_formats();
    const bool repairs_changed = before.media.feedback_nack != media.feedback_nack;
    if (media.sends && (first || repairs_changed || !before.media.sends ||
                        !same_format(before.media.send, media.send))) {
        sender_.set_format(send_format(media), at);
        on_send_format();
    }
    if (peer_changed) transport_->open_pinholes(at);
    service(at);
}

void MediaStream::apply_receive_formats() {
    std::bitset<128> known;
    std::array<int, 128> clock_rates{};
    const auto add = [&](std::uint8_t payload_type, int clock_rate_hz) {
        known.set(payload_type);
        clock_rates[payload_type] = clock_rate_hz;
    };
    repaired_type_.fill(kNotRepeated);
    for (const PayloadFormat& format : config_.media.receive) {
        add(format.payload_type, format.clock_rate_hz);
        if (format.rtx_payload_type == 0) continue;
        known.set(format.rtx_payload_type);
        repaired_type_[format.rtx_payload_type] = format.payload_type;
    }
    if (config_.media.telephone_event_pt != 0) {
        add(config_.media.telephone_event_pt, config_.media.telephone_event_clock_hz);
    }
    transport_->set_known_types(known);
    for (std::size_t type = 0; type < clock_rates.size(); ++type) {
        reception_.set_clock_rate(static_cast<std::uint8_t>(type), clock_rates[type]);
    }
    on_receive_formats();
}

bool MediaStream::may_send(Timestamp at) const {
    const Direction direction = config_.media.direction;
    return config_.media.sends &&
           (direction == Direction::SendRecv || direction == Direction::SendOnly) &&
           transport_->can_send(at);
}

bool MediaStream::may_receive() const {
    const Direction direction = config_.media.direction;
    return direction == Direction::SendRecv || direction == Direction::RecvOnly;
}

void MediaStream::service(Timestamp at) {
    on_deadline(at);
    note_silence(at);
    send_rtcp(at);
    // All that is due was done: what claims to be so still waits a little, lest the thread spin.
    const Timestamp next = std::max(next_look(), at + kLeastLook);
    // A timer that is early looks once more for nothing; only one that is late must be moved.
    if (!timer_.running() || next < timer_.due()) timer_.start_at(next);
}

void MediaStream::send_rtcp(Timestamp at) {
    std::array<std::uint8_t, RtcpSession::kRtcpMaxBytes> buffer;
    while (rtcp_.next_deadline() <= at) {
        const std::size_t bytes = rtcp_.poll(at, buffer);
        if (bytes == 0) return;
        transport_->send_rtcp(std::span(buffer).first(bytes), at);
    }
}

Timestamp MediaStream::next_look() const {
    Timestamp next = rtcp_.next_deadline();
    if (const std::optional<Timestamp> derived = deadline()) next = std::min(next, *derived);
    if (media_flows_) next = std::min(next, last_media_ + kMediaSilence);
    return next;
}

void MediaStream::on_rtp_packet(RtpPacket packet) {
    net_thread_.check();
    ++heard_;
    if (!may_receive()) {
        ++not_wanted_;
        return;
    }
    const Timestamp arrival = packet.arrival();
    const std::uint8_t repaired = repaired_type_[packet.payload_type()];
    if (repaired == kNotRepeated) {
        reception_.receive(std::move(packet));
    } else {
        receive_repeat(packet, repaired);
    }
    if (next_look() < timer_.due()) service(arrival);
}

/// As if it came now for the first time; of a stream that is not heard nothing can be repaired.
void MediaStream::receive_repeat(const RtpPacket& repeat, std::uint8_t payload_type) {
    const RtpReceiver* active = reception_.active();
    if (active == nullptr) return;
    PacketPtr original = original_of(repeat, payload_type, active->ssrc(), environment_.pool);
    if (original == nullptr) return;
    auto packet = RtpPacket::parse(std::move(original));
    if (packet) reception_.receive(std::move(*packet));
}

bool MediaStream::on_rtcp_datagram(std::span<const std::uint8_t> datagram, Timestamp arrival) {
    net_thread_.check();
    const std::uint64_t bad_before = rtcp_.counters().received.bad_datagrams;
    rtcp_.receive(datagram, arrival);
    service(arrival);
    const bool valid = rtcp_.counters().received.bad_datagrams == bad_before;
    if (valid) ++heard_;
    return valid;
}

void MediaStream::on_transport_packet(std::uint32_t ssrc, std::uint16_t transport_sequence,
                                      Timestamp arrival) {
    net_thread_.check();
    rtcp_.on_transport_packet(ssrc, transport_sequence, arrival);
    if (next_look() < timer_.due()) service(arrival);
}

void MediaStream::on_protection(const std::string& what) {
    LOG_INFO("media {} mid={}: {}", environment_.who, config_.media.mid, what);
}

void MediaStream::on_stream_started(std::uint32_t ssrc) {
    on_new_stream(ssrc, now());
}

void MediaStream::on_rtp(RtpPacket packet, std::int64_t extended_sequence) {
    note_media(packet.arrival());
    on_packet(std::move(packet), extended_sequence);
}

// What is said of repeats says nothing of the stream.

void MediaStream::on_start_wanted(std::uint32_t local_ssrc) {
    if (local_ssrc != sender_.ssrc()) return;
    ++starts_asked_;
    on_peer_wants_start(now());
}

void MediaStream::on_key_frame_wanted(std::uint32_t /*remote_ssrc*/) {
    ++starts_wanted_;
    observer().on_key_frame_wanted(config_.media.mid);
}

void MediaStream::on_bye(std::uint32_t remote_ssrc) {
    reception_.on_bye(remote_ssrc);
}

void MediaStream::on_ssrc_changed(std::uint32_t old_ssrc, std::uint32_t new_ssrc) {
    LOG_INFO("SSRC collision {} mid={} old={:08x} new={:08x}", environment_.who, config_.media.mid,
             old_ssrc, new_ssrc);
    on_own_ssrc_changed();
}

void MediaStream::on_packets_missed(std::uint32_t local_ssrc,
                                    std::span<const std::uint16_t> sequences) {
    if (local_ssrc != sender_.ssrc()) return;
    on_packets_missed(sequences, now());
}

void MediaStream::on_bitrate_limited(std::uint32_t local_ssrc, common::Bitrate limit) {
    if (local_ssrc != sender_.ssrc()) return;
    observer().on_bitrate_limited(config_.media.mid, limit);
}

void MediaStream::on_reported(std::uint32_t local_ssrc) {
    if (local_ssrc != sender_.ssrc()) return;
    if (const auto view = rtcp_.remote_view(local_ssrc)) on_report(*view);
}

void MediaStream::on_report(const RtcpSession::RemoteView& view) {
    if (path_ != nullptr && view.round_trip_is_new) path_->on_round_trip(*view.round_trip, view.at);
}

Duration MediaStream::jitter() const {
    const RtpReceiver* active = reception_.active();
    return active == nullptr ? Duration(0) : active->jitter();
}

void MediaStream::note_media(Timestamp at) {
    last_media_ = at;
    if (std::exchange(media_flows_, true)) return;
    observer().on_media_started(config_.media.mid);
}

void MediaStream::note_silence(Timestamp at) {
    if (!media_flows_ || at - last_media_ < kMediaSilence) return;
    media_flows_ = false;
    observer().on_media_stopped(config_.media.mid);
}

StreamCounters MediaStream::counters() const {
    const auto ms = [](Duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
    const RtpReception::Counters& in = reception_.counters();
    const RtcpSession::Counters& rtcp = rtcp_.counters();
    StreamCounters out;
    out.mid = config_.media.mid;
    out.packets_received = in.packets;
    out.bytes_received = in.bytes;
    out.packets_lost = reception_.lost_count();
    out.dropped = transport_->dropped();
    out.dropped.malformed += rtcp.received.bad_datagrams;
    out.dropped.unknown_payload = in.unknown_payload_type;
    out.dropped.sequence_jump = in.suspect;
    out.dropped.other_source = in.other_ssrc;
    out.dropped.source_collision = in.collisions;
    out.dropped.not_wanted = not_wanted_;
    out.packets_sent = sender_.packet_count();
    out.bytes_sent = sender_.byte_count();
    out.jitter_ms = ms(jitter());
    if (const auto remote = rtcp_.remote_view(sender_.ssrc())) {
        out.remote_loss_percent = remote->loss_fraction * 100;
        out.reported = {.at = remote->at,
                        .cumulative_lost = remote->cumulative_lost,
                        .highest_sequence = remote->highest_sequence,
                        .packets_sent = sender_.packet_count()};
        if (remote->round_trip) out.round_trip_ms = ms(*remote->round_trip);
    }
    out.starts_asked = starts_asked_;
    out.starts_wanted = starts_wanted_ + rtcp.plis_sent + rtcp.firs_sent;
    out.packets_heard = heard_;
    out.last_packet = last_media_;
    return out;
}

}  // namespace mcu

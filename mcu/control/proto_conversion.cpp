#include "mcu/control/proto_conversion.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "mcu/bridge/negotiated_formats.h"
#include "mcu/session/frame_packer.h"

namespace mcu {

namespace pb = tessera::control::v1;

using common::AudioCodec;
using common::Bitrate;
using common::ErrorCode;
using common::fail;
using common::fail_in;
using common::Result;
using common::VideoCodec;

namespace {

constexpr std::array kAudioCodecs{AudioCodec::Opus, AudioCodec::G722, AudioCodec::Pcmu,
                                  AudioCodec::Pcma};
constexpr std::array kVideoCodecs{VideoCodec::H264, VideoCodec::Vp8};
constexpr std::uint32_t kMostDimension = 1920;

Result<PayloadFormat> from_proto(const pb::PayloadFormat& proto, MediaKind kind) {
    if (proto.payload_type() > 127) {
        return fail(ErrorCode::InvalidArgument,
                    "payload type " + std::to_string(proto.payload_type()) + " is above 127");
    }
    PayloadFormat format;
    format.payload_type = static_cast<std::uint8_t>(proto.payload_type());
    format.clock_rate_hz = static_cast<int>(proto.clock_rate());
    format.fmtp = proto.fmtp();
    format.rtx_payload_type = static_cast<std::uint8_t>(proto.rtx_payload_type() & 0x7f);
    if (kind == MediaKind::Video) {
        for (const VideoCodec codec : kVideoCodecs) {
            if (codec_name(codec) != proto.codec()) continue;
            format.video = codec;
            return format;
        }
        return fail(ErrorCode::Unsupported,
                    "video codec '" + proto.codec() + "' is not one of H264, VP8");
    }
    for (const AudioCodec codec : kAudioCodecs) {
        if (codec_name(codec) != proto.codec()) continue;
        format.audio = codec;
        if (codec != AudioCodec::Opus) format.packet_ms = FramePacker::packet_ms(proto.ptime_ms());
        return format;
    }
    return fail(ErrorCode::Unsupported,
                "audio codec '" + proto.codec() + "' is not one of opus, G722, PCMU, PCMA");
}

std::optional<std::uint16_t> port_of(std::uint32_t port) {
    if (port > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(port);
}

Direction from_proto(pb::Direction direction) {
    switch (direction) {
        case pb::SENDONLY:
            return Direction::SendOnly;
        case pb::RECVONLY:
            return Direction::RecvOnly;
        case pb::INACTIVE:
            return Direction::Inactive;
        default:
            return Direction::SendRecv;
    }
}

pb::Direction to_proto(Direction direction) {
    switch (direction) {
        case Direction::SendOnly:
            return pb::SENDONLY;
        case Direction::RecvOnly:
            return pb::RECVONLY;
        case Direction::Inactive:
            return pb::INACTIVE;
        case Direction::SendRecv:
            break;
    }
    return pb::SENDRECV;
}

mixer::SelfView from_proto(pb::SelfView self_view) {
    switch (self_view) {
        case pb::SELF_VIEW_SHOW:
            return mixer::SelfView::Show;
        case pb::SELF_VIEW_HIDE:
            return mixer::SelfView::Hide;
        default:
            return mixer::SelfView::ByLayout;
    }
}

pb::SelfView to_proto(mixer::SelfView self_view) {
    switch (self_view) {
        case mixer::SelfView::Show:
            return pb::SELF_VIEW_SHOW;
        case mixer::SelfView::Hide:
            return pb::SELF_VIEW_HIDE;
        case mixer::SelfView::ByLayout:
            break;
    }
    return pb::SELF_VIEW_BY_LAYOUT;
}

Result<MediaSecurity> security_from_proto(const pb::MediaState& proto) {
    MediaSecurity security;
    switch (proto.security()) {
        case pb::UNPROTECTED:
            return security;
        case pb::PENDING:
            security.kind = MediaSecurity::Kind::Pending;
            return security;
        case pb::SDES: {
            security.kind = MediaSecurity::Kind::Sdes;
            const auto suite = common::srtp_suite_named(proto.srtp_suite());
            if (!suite) return fail(ErrorCode::Unsupported, "no SRTP suite of ours is named");
            const auto key = [&](const std::string& bytes) {
                return common::SrtpKey::of(
                    *suite, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
            };
            const auto send = key(proto.srtp_send_key());
            const auto receive = key(proto.srtp_receive_key());
            if (!send || !receive) {
                return fail(ErrorCode::InvalidArgument, "an SRTP key does not fit its suite");
            }
            security.send = *send;
            security.receive = *receive;
            return security;
        }
        case pb::DTLS_SRTP:
            security.kind = MediaSecurity::Kind::Dtls;
            security.role = proto.dtls_client() ? DtlsRole::Client : DtlsRole::Server;
            for (const std::string& text : proto.remote_fingerprints()) {
                auto fingerprint = common::Fingerprint::parse(text);
                if (!fingerprint) {
                    return fail(ErrorCode::InvalidArgument, "a fingerprint cannot be read");
                }
                security.fingerprints.push_back(std::move(*fingerprint));
            }
            return security;
        default:
            return fail(ErrorCode::Unsupported, "a protection that we do not know");
    }
}

void fill_security(const MediaSecurity& security, pb::MediaState& proto) {
    switch (security.kind) {
        case MediaSecurity::Kind::None:
            return;
        case MediaSecurity::Kind::Pending:
            proto.set_security(pb::PENDING);
            return;
        case MediaSecurity::Kind::Sdes:
            proto.set_security(pb::SDES);
            proto.set_srtp_suite(common::srtp_suite_name(security.send.suite()));
            proto.set_srtp_send_key(security.send.bytes().data(), security.send.bytes().size());
            proto.set_srtp_receive_key(security.receive.bytes().data(),
                                       security.receive.bytes().size());
            return;
        case MediaSecurity::Kind::Dtls:
            proto.set_security(pb::DTLS_SRTP);
            proto.set_dtls_client(security.role == DtlsRole::Client);
            for (const common::Fingerprint& fingerprint : security.fingerprints) {
                proto.add_remote_fingerprints(fingerprint.text());
            }
    }
}

Result<MediaConfig> from_proto(const pb::MediaState& proto) {
    MediaConfig media;
    media.mid = proto.mid();
    media.kind = proto.kind() == pb::VIDEO ? MediaKind::Video : MediaKind::Audio;
    media.content = proto.content().empty() ? "main" : proto.content();
    media.direction = from_proto(proto.direction());
    const auto rtp_port = port_of(proto.remote_rtp_port());
    const auto rtcp_port = port_of(proto.remote_rtcp_port());
    if (!rtp_port || !rtcp_port)
        return fail(ErrorCode::InvalidArgument, "a remote port is above 65535");
    media.peer = {proto.remote_address(), *rtp_port, *rtcp_port};
    media.rtcp_mux = proto.rtcp_mux();
    for (const pb::PayloadFormat& format : proto.receive()) {
        auto received = from_proto(format, media.kind);
        if (!received) return fail_in("receive", received.error());
        media.receive.push_back(std::move(*received));
    }
    if (!proto.send().codec().empty()) {
        auto sent = from_proto(proto.send(), media.kind);
        if (!sent) return fail_in("send", sent.error());
        media.send = std::move(*sent);
        media.sends = true;
    }
    media.telephone_event_pt = static_cast<std::uint8_t>(proto.telephone_event_pt() & 0x7f);
    if (proto.telephone_event_clock_rate() != 0) {
        media.telephone_event_clock_hz = static_cast<int>(proto.telephone_event_clock_rate());
    }
    media.bandwidth = Bitrate::from_bps(proto.bandwidth_bps());
    media.feedback_pli = proto.feedback_pli();
    media.feedback_fir = proto.feedback_fir();
    media.feedback_nack = proto.feedback_nack();
    media.feedback_tmmbr = proto.feedback_tmmbr();
    media.feedback_transport_cc = proto.feedback_transport_cc();
    media.feedback_remb = proto.feedback_remb();
    media.remote_ssrcs.assign(proto.remote_ssrcs().begin(), proto.remote_ssrcs().end());
    media.relearn = proto.relearn();
    media.start_asked = proto.start_asked();
    auto security = security_from_proto(proto);
    if (!security) return tl::unexpected(security.error());
    media.security = std::move(*security);
    return media;
}

Result<HeaderExtensionIds> from_proto(const pb::HeaderExtensionIds& proto) {
    HeaderExtensionIds ids;
    bool fits = true;
    const auto read = [&](std::uint32_t id) {
        fits = fits && id <= 14;  // 15 is reserved (RFC 8285 4.2)
        return static_cast<std::uint8_t>(id);
    };
    ids.mid = read(proto.mid());
    ids.abs_send_time = read(proto.abs_send_time());
    ids.transport_sequence = read(proto.transport_sequence());
    ids.audio_level = read(proto.audio_level());
    ids.playout_delay = read(proto.playout_delay());
    if (!fits) return fail(ErrorCode::InvalidArgument, "the id of an extension is above 14");
    return ids;
}

Result<BundleConfig> from_proto(const pb::Bundle& proto) {
    BundleConfig bundle;
    bundle.mids.assign(proto.mids().begin(), proto.mids().end());
    bundle.local = {proto.local_ufrag(), proto.local_pwd()};
    bundle.remote = {proto.remote_ufrag(), proto.remote_pwd()};
    auto ids = from_proto(proto.extensions());
    if (!ids) return tl::unexpected(ids.error());
    bundle.extensions = *ids;
    return bundle;
}

pb::Bundle to_proto(const BundleConfig& bundle) {
    pb::Bundle proto;
    for (const std::string& mid : bundle.mids) proto.add_mids(mid);
    proto.set_local_ufrag(bundle.local.ufrag);
    proto.set_local_pwd(bundle.local.pwd);
    proto.set_remote_ufrag(bundle.remote.ufrag);
    proto.set_remote_pwd(bundle.remote.pwd);
    pb::HeaderExtensionIds& ids = *proto.mutable_extensions();
    ids.set_mid(bundle.extensions.mid);
    ids.set_abs_send_time(bundle.extensions.abs_send_time);
    ids.set_transport_sequence(bundle.extensions.transport_sequence);
    ids.set_audio_level(bundle.extensions.audio_level);
    ids.set_playout_delay(bundle.extensions.playout_delay);
    return proto;
}

Result<SessionState> from_proto(const pb::SessionState& proto) {
    SessionState session;
    session.id = proto.session();
    session.display_name = proto.display_name();
    session.roles.assign(proto.roles().begin(), proto.roles().end());
    session.audio_muted = proto.audio_muted();
    session.video_muted = proto.video_muted();
    session.layout = proto.layout();
    session.self_view = from_proto(proto.self_view());
    session.pinned.assign(proto.pinned_sessions().begin(), proto.pinned_sessions().end());
    session.local_address = proto.local_address();
    for (const pb::MediaState& medium : proto.media()) {
        auto media = from_proto(medium);
        if (!media) return fail_in("mid '" + medium.mid() + "'", media.error());
        session.media.push_back(std::move(*media));
    }
    if (proto.has_bundle()) {
        auto bundle = from_proto(proto.bundle());
        if (!bundle) return fail_in("bundle", bundle.error());
        session.bundle = std::move(*bundle);
    }
    return session;
}

pb::PayloadFormat to_proto(const PayloadFormat& format, MediaKind kind) {
    pb::PayloadFormat proto;
    proto.set_payload_type(format.payload_type);
    proto.set_codec(kind == MediaKind::Video ? codec_name(format.video) : codec_name(format.audio));
    proto.set_clock_rate(static_cast<std::uint32_t>(format.clock_rate_hz));
    proto.set_fmtp(format.fmtp);
    proto.set_rtx_payload_type(format.rtx_payload_type);
    return proto;
}

pb::MediaState to_proto(const MediaConfig& media) {
    pb::MediaState proto;
    proto.set_mid(media.mid);
    proto.set_kind(media.kind == MediaKind::Video ? pb::VIDEO : pb::AUDIO);
    proto.set_content(media.content);
    proto.set_direction(to_proto(media.direction));
    proto.set_remote_address(media.peer.address);
    proto.set_remote_rtp_port(media.peer.rtp_port);
    proto.set_remote_rtcp_port(media.peer.rtcp_port);
    proto.set_rtcp_mux(media.rtcp_mux);
    for (const PayloadFormat& format : media.receive)
        *proto.add_receive() = to_proto(format, media.kind);
    if (media.sends) *proto.mutable_send() = to_proto(media.send, media.kind);
    proto.set_telephone_event_pt(media.telephone_event_pt);
    proto.set_telephone_event_clock_rate(
        static_cast<std::uint32_t>(media.telephone_event_clock_hz));
    proto.set_bandwidth_bps(static_cast<std::uint32_t>(media.bandwidth.bps()));
    proto.set_feedback_pli(media.feedback_pli);
    proto.set_feedback_fir(media.feedback_fir);
    proto.set_feedback_nack(media.feedback_nack);
    proto.set_feedback_tmmbr(media.feedback_tmmbr);
    proto.set_feedback_transport_cc(media.feedback_transport_cc);
    proto.set_feedback_remb(media.feedback_remb);
    for (const std::uint32_t ssrc : media.remote_ssrcs) proto.add_remote_ssrcs(ssrc);
    proto.set_relearn(media.relearn);
    proto.set_start_asked(media.start_asked);
    fill_security(media.security, proto);
    return proto;
}

pb::SessionState to_proto(const SessionState& session) {
    pb::SessionState proto;
    proto.set_session(session.id);
    proto.set_display_name(session.display_name);
    for (const std::string& role : session.roles) proto.add_roles(role);
    proto.set_audio_muted(session.audio_muted);
    proto.set_video_muted(session.video_muted);
    proto.set_layout(session.layout);
    proto.set_self_view(to_proto(session.self_view));
    for (const std::string& pinned : session.pinned) proto.add_pinned_sessions(pinned);
    proto.set_local_address(session.local_address);
    for (const MediaConfig& media : session.media) *proto.add_media() = to_proto(media);
    if (session.bundle) *proto.mutable_bundle() = to_proto(*session.bundle);
    return proto;
}

void add_stream(const StreamCounters& counters, const SessionStatistics& session,
                pb::SessionStatistics& proto) {
    pb::StreamStatistics& stream = *proto.add_streams();
    stream.set_mid(counters.mid);
    stream.set_packets_received(counters.packets_received);
    stream.set_bytes_received(counters.bytes_received);
    stream.set_packets_lost(counters.packets_lost);
    stream.set_packets_dropped(counters.dropped.sum());
    for (const DropCounts::Reason& reason : DropCounts::kReasons)
        (*stream.mutable_dropped())[std::string(reason.name)] = counters.dropped.*reason.count;
    stream.set_pictures_broken(counters.pictures_broken);
    stream.set_packets_recovered(counters.packets_recovered);
    stream.set_packets_sent_again(counters.packets_sent_again);
    stream.set_freezes(counters.freezes);
    stream.set_longest_repair_ms(counters.longest_repair_ms);
    stream.set_jitter_ms(counters.jitter_ms);
    stream.set_packets_sent(counters.packets_sent);
    stream.set_bytes_sent(counters.bytes_sent);
    stream.set_round_trip_ms(counters.round_trip_ms);
    stream.set_remote_loss_percent(counters.remote_loss_percent);
    stream.set_starts_asked(counters.starts_asked);
    stream.set_starts_wanted(counters.starts_wanted);
    stream.set_packets_heard(counters.packets_heard);
    if (counters.mid == session.video_mid) {
        stream.set_codec(session.video_codec);
        stream.set_width(static_cast<std::uint32_t>(session.received_size.width));
        stream.set_height(static_cast<std::uint32_t>(session.received_size.height));
        stream.set_frames_per_second(session.received_frames_per_second);
        stream.set_failure(session.video_failure);
    } else if (counters.mid == session.audio_mid) {
        stream.set_codec(session.audio_codec);
        stream.set_failure(session.audio_failure);
        const mixer::AudioPlayoutCounters& playout = session.playout;
        const auto ms = [](common::Duration d) {
            return std::chrono::duration<double, std::milli>(d).count();
        };
        stream.set_played_samples(playout.played_samples);
        stream.set_concealed_samples(playout.concealed_samples);
        stream.set_playout_delay_ms(ms(playout.delay));
        stream.set_playout_target_ms(ms(playout.target));
        stream.set_fec_packets(playout.fec_packets);
    }
}

}  // namespace

Fence from_proto(const pb::Fence& fence) {
    return {fence.node_incarnation(), fence.instance(), fence.epoch(), fence.owner_boot_id()};
}

Result<ConferenceState> from_proto(const pb::ConferenceState& proto) {
    ConferenceState state;
    state.revision = proto.revision();
    state.default_layout = proto.default_layout();
    state.default_self_view = from_proto(proto.default_self_view());
    state.pinned.assign(proto.pinned_sessions().begin(), proto.pinned_sessions().end());
    state.noise_suppression = !proto.noise_suppression_off();
    state.leveling = !proto.leveling_off();
    if (proto.max_width() != 0 || proto.max_height() != 0) {
        if (proto.max_width() < 64 || proto.max_height() < 64 ||
            proto.max_width() > kMostDimension || proto.max_height() > kMostDimension ||
            proto.max_width() % 2 != 0 || proto.max_height() % 2 != 0) {
            return fail(ErrorCode::InvalidArgument, "canvas limit " +
                                                        std::to_string(proto.max_width()) + "x" +
                                                        std::to_string(proto.max_height()) +
                                                        " is not even and within 64..1920");
        }
        state.max_size = {static_cast<int>(proto.max_width()),
                          static_cast<int>(proto.max_height())};
    }
    // Which session is meant must be sure; what one of them wants is its own affair.
    std::set<std::string> ids;
    for (const pb::SessionState& session : proto.sessions()) {
        const std::string& id = session.session();
        if (id.empty()) return fail(ErrorCode::InvalidArgument, "a session has no id");
        if (!ids.insert(id).second) {
            return fail(ErrorCode::InvalidArgument,
                        "session '" + id + "' stands twice in the state");
        }
        if (auto converted = from_proto(session)) {
            state.sessions.push_back(std::move(*converted));
        } else {
            state.unreadable.push_back({id, converted.error().message});
        }
    }
    return state;
}

pb::ConferenceState to_proto(const ConferenceState& state) {
    pb::ConferenceState proto;
    proto.set_revision(state.revision);
    proto.set_default_layout(state.default_layout);
    proto.set_default_self_view(to_proto(state.default_self_view));
    for (const std::string& pinned : state.pinned) proto.add_pinned_sessions(pinned);
    proto.set_noise_suppression_off(!state.noise_suppression);
    proto.set_leveling_off(!state.leveling);
    proto.set_max_width(static_cast<std::uint32_t>(state.max_size.width));
    proto.set_max_height(static_cast<std::uint32_t>(state.max_size.height));
    for (const SessionState& session : state.sessions) *proto.add_sessions() = to_proto(session);
    return proto;
}

pb::NodeLoad to_proto(const NodeLoad& load) {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    pb::NodeLoad proto;
    proto.set_cpu_share(load.figures.cpu_share);
    proto.set_pool_wait_p95_ms(Milliseconds(load.figures.pool_wait_p95).count());
    proto.set_tick_late_ms(Milliseconds(load.figures.tick_late).count());
    proto.set_ticks_lost(load.figures.ticks_lost);
    proto.set_audio_ticks_lost(load.figures.audio_ticks_lost);
    proto.set_pictures_skipped(load.figures.pictures_skipped);
    proto.set_step(static_cast<std::uint32_t>(load.step));
    proto.set_step_name(load.step_name);
    proto.set_steps_down(load.steps_down);
    proto.set_steps_up(load.steps_up);
    proto.set_capacity_left(load.capacity_left);
    proto.set_refusal(load.refusal);
    proto.set_retry_after_s(static_cast<std::uint32_t>(load.retry_after_s));
    return proto;
}

pb::LocalBundle to_proto(const std::string& session,
                         const std::vector<IceHostCandidate>& candidates) {
    pb::LocalBundle proto;
    proto.set_session(session);
    for (const IceHostCandidate& candidate : candidates) {
        pb::IceCandidate& told = *proto.add_candidates();
        told.set_foundation(candidate.foundation);
        const bool udp = candidate.transport == IceHostCandidate::Transport::Udp;
        told.set_transport(udp ? pb::IceCandidate::UDP : pb::IceCandidate::TCP_PASSIVE);
        told.set_priority(candidate.priority);
        told.set_address(candidate.address.address());
        told.set_port(candidate.address.port());
    }
    return proto;
}

pb::LocalMedia to_proto(const std::string& session, const LocalMedia& media) {
    pb::LocalMedia proto;
    proto.set_session(session);
    proto.set_mid(media.mid);
    proto.set_address(media.address);
    proto.set_rtp_port(media.rtp_port);
    proto.set_rtcp_port(media.rtcp_port);
    proto.set_ssrc(media.ssrc);
    proto.set_cname(media.cname);
    proto.set_fingerprint(media.fingerprint);
    proto.set_rtx_ssrc(media.rtx_ssrc);
    return proto;
}

pb::StatisticsEvent to_proto(const ConferenceStatistics& statistics) {
    pb::StatisticsEvent event;
    event.set_sessions(static_cast<std::uint32_t>(statistics.sessions.size()));
    event.set_views(static_cast<std::uint32_t>(statistics.views));
    event.set_encoders(static_cast<std::uint32_t>(statistics.encoders));
    event.set_splice_contexts(static_cast<std::uint32_t>(statistics.splice_contexts));
    event.set_encoders_opened(statistics.encoders_opened);
    event.set_key_pictures(statistics.key_pictures);
    event.set_splice_pictures(statistics.splice_pictures);
    event.set_late_ticks(statistics.late_ticks);
    event.set_pictures_encoded(statistics.pictures_encoded);
    event.set_pictures_skipped(statistics.pictures_skipped);
    event.set_sounds_encoded(statistics.sounds_encoded);
    event.set_drawn_after_ms(
        std::chrono::duration<double, std::milli>(statistics.drawn_after).count());
    const auto seconds = [](common::Duration d) {
        return std::chrono::duration<double>(d).count();
    };
    pb::StageCpu& cpu = *event.mutable_cpu();
    cpu.set_decode_seconds(seconds(statistics.cpu.decode));
    cpu.set_scale_seconds(seconds(statistics.cpu.scale));
    cpu.set_compose_seconds(seconds(statistics.cpu.compose));
    cpu.set_encode_seconds(seconds(statistics.cpu.encode));
    cpu.set_audio_seconds(seconds(statistics.cpu.audio));
    for (const auto& [codec, rungs] : statistics.encoders_by_codec) {
        for (const auto& [rung, encoders] : rungs)
            (*event.mutable_encoders_by_rung())[rung] += encoders;
    }
    for (const SessionStatistics& session : statistics.sessions) {
        pb::SessionStatistics& proto = *event.add_per_session();
        proto.set_session(session.session);
        proto.set_rung(session.rung);
        proto.set_speaking(session.speaking);
        proto.set_audio_level_dbfs(session.audio_level_dbfs);
        for (const StreamCounters& stream : session.streams) add_stream(stream, session, proto);
    }
    return event;
}

pb::ListLayoutsReply::Layout to_proto(const mixer::LayoutSummary& layout) {
    pb::ListLayoutsReply::Layout proto;
    proto.set_name(layout.name);
    proto.set_description(layout.description);
    proto.set_file(layout.file);
    proto.set_table(layout.is_table);
    proto.set_most_people(static_cast<std::uint32_t>(std::max(0, layout.most_people)));
    proto.set_self_view(layout.self_view);
    return proto;
}

pb::ListLayoutsReply::Refused to_proto(const mixer::LayoutError& error) {
    pb::ListLayoutsReply::Refused proto;
    proto.set_file(error.file);
    proto.set_line(static_cast<std::uint32_t>(error.line));
    proto.set_column(static_cast<std::uint32_t>(error.column));
    proto.set_message(error.message);
    return proto;
}

}  // namespace mcu

#include "signaling/mcu_client/control_codec.h"

namespace signaling::control {
namespace {

pb::Direction to_proto(MediaDirection direction) {
    switch (direction) {
        case MediaDirection::SendRecv:
            return pb::SENDRECV;
        case MediaDirection::SendOnly:
            return pb::SENDONLY;
        case MediaDirection::RecvOnly:
            return pb::RECVONLY;
        case MediaDirection::Inactive:
            return pb::INACTIVE;
    }
    return pb::INACTIVE;
}

MediaDirection from_proto(pb::Direction direction) {
    switch (direction) {
        case pb::SENDRECV:
            return MediaDirection::SendRecv;
        case pb::SENDONLY:
            return MediaDirection::SendOnly;
        case pb::RECVONLY:
            return MediaDirection::RecvOnly;
        default:
            return MediaDirection::Inactive;
    }
}

pb::SelfView to_proto(SelfView view) {
    switch (view) {
        case SelfView::ByLayout:
            return pb::SELF_VIEW_BY_LAYOUT;
        case SelfView::Show:
            return pb::SELF_VIEW_SHOW;
        case SelfView::Hide:
            return pb::SELF_VIEW_HIDE;
    }
    return pb::SELF_VIEW_BY_LAYOUT;
}

SelfView from_proto(pb::SelfView view) {
    if (view == pb::SELF_VIEW_SHOW) return SelfView::Show;
    return view == pb::SELF_VIEW_HIDE ? SelfView::Hide : SelfView::ByLayout;
}

pb::PayloadFormat to_proto(const MediaCodec& codec, int ptime_ms) {
    pb::PayloadFormat message;
    message.set_payload_type(codec.payload_type);
    message.set_codec(codec.name);
    message.set_clock_rate(static_cast<std::uint32_t>(codec.clock_rate_hz));
    message.set_channels(static_cast<std::uint32_t>(codec.channels));
    message.set_fmtp(codec.fmtp);
    message.set_ptime_ms(static_cast<std::uint32_t>(ptime_ms));
    return message;
}

MediaCodec from_proto(const pb::PayloadFormat& message) {
    return {message.codec(), static_cast<std::uint8_t>(message.payload_type()),
            static_cast<int>(message.clock_rate()), static_cast<int>(message.channels()),
            message.fmtp()};
}

void fill_security(pb::MediaState& message, const SessionSecurity& security) {
    switch (security.kind) {
        case SessionSecurity::Kind::None:
            return;
        case SessionSecurity::Kind::Pending:
            message.set_security(pb::PENDING);
            return;
        case SessionSecurity::Kind::Sdes:
            message.set_security(pb::SDES);
            message.set_srtp_suite(common::srtp_suite_name(security.send.suite()));
            message.set_srtp_send_key(security.send.bytes().data(), security.send.bytes().size());
            message.set_srtp_receive_key(security.receive.bytes().data(),
                                         security.receive.bytes().size());
            return;
        case SessionSecurity::Kind::Dtls:
            message.set_security(pb::DTLS_SRTP);
            message.set_dtls_client(security.dtls_client);
            for (const common::Fingerprint& fingerprint : security.fingerprints) {
                message.add_remote_fingerprints(fingerprint.text());
            }
    }
}

common::SrtpKey key_from(const std::string& suite_name, const std::string& bytes) {
    const auto suite = common::srtp_suite_named(suite_name);
    if (!suite) return {};
    return common::SrtpKey::of(*suite,
                               {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()})
        .value_or(common::SrtpKey());
}

SessionSecurity security_from(const pb::MediaState& message) {
    SessionSecurity security;
    if (message.security() == pb::PENDING) security.kind = SessionSecurity::Kind::Pending;
    if (message.security() == pb::SDES) {
        security.kind = SessionSecurity::Kind::Sdes;
        security.send = key_from(message.srtp_suite(), message.srtp_send_key());
        security.receive = key_from(message.srtp_suite(), message.srtp_receive_key());
    }
    if (message.security() == pb::DTLS_SRTP) {
        security.kind = SessionSecurity::Kind::Dtls;
        security.dtls_client = message.dtls_client();
        for (const std::string& text : message.remote_fingerprints()) {
            if (auto fingerprint = common::Fingerprint::parse(text)) {
                security.fingerprints.push_back(*std::move(fingerprint));
            }
        }
    }
    return security;
}

void fill(pb::MediaState& message, const SessionMedia& medium) {
    message.set_mid(medium.mid);
    message.set_kind(medium.kind == MediaKind::Video ? pb::VIDEO : pb::AUDIO);
    message.set_content(medium.content);
    message.set_direction(to_proto(medium.direction));
    message.set_remote_address(medium.remote_address);
    message.set_remote_rtp_port(medium.remote_rtp_port);
    message.set_remote_rtcp_port(medium.remote_rtcp_port);
    message.set_rtcp_mux(medium.rtcp_mux);
    for (const MediaCodec& codec : medium.receive) *message.add_receive() = to_proto(codec, 0);
    if (!medium.send.name.empty()) *message.mutable_send() = to_proto(medium.send, medium.ptime_ms);
    message.set_telephone_event_pt(medium.telephone_event_pt);
    message.set_telephone_event_clock_rate(
        static_cast<std::uint32_t>(medium.telephone_event_clock_hz));
    message.set_bandwidth_bps(static_cast<std::uint32_t>(medium.bandwidth.bps()));
    message.set_feedback_pli(medium.feedback_pli);
    message.set_feedback_fir(medium.feedback_fir);
    message.set_feedback_nack(medium.feedback_nack);
    message.set_feedback_tmmbr(medium.feedback_tmmbr);
    message.set_relearn(medium.relearn);
    message.set_start_asked(medium.start_asked);
    fill_security(message, medium.security);
}

SessionMedia from_proto(const pb::MediaState& message) {
    SessionMedia medium;
    medium.mid = message.mid();
    medium.kind = message.kind() == pb::VIDEO ? MediaKind::Video : MediaKind::Audio;
    medium.content = message.content();
    medium.direction = from_proto(message.direction());
    medium.remote_address = message.remote_address();
    medium.remote_rtp_port = static_cast<std::uint16_t>(message.remote_rtp_port());
    medium.remote_rtcp_port = static_cast<std::uint16_t>(message.remote_rtcp_port());
    medium.rtcp_mux = message.rtcp_mux();
    for (const pb::PayloadFormat& format : message.receive())
        medium.receive.push_back(from_proto(format));
    if (message.has_send()) {
        medium.send = from_proto(message.send());
        medium.ptime_ms = static_cast<int>(message.send().ptime_ms());
    }
    medium.telephone_event_pt = static_cast<std::uint8_t>(message.telephone_event_pt());
    medium.telephone_event_clock_hz = static_cast<int>(message.telephone_event_clock_rate());
    medium.bandwidth = common::Bitrate::from_bps(message.bandwidth_bps());
    medium.feedback_pli = message.feedback_pli();
    medium.feedback_fir = message.feedback_fir();
    medium.feedback_nack = message.feedback_nack();
    medium.feedback_tmmbr = message.feedback_tmmbr();
    medium.relearn = message.relearn();
    medium.start_asked = message.start_asked();
    medium.security = security_from(message);
    return medium;
}

void fill_rtx(pb::MediaState& medium, const SessionBundle& bundle) {
    const auto types = bundle.rtx.find(medium.mid());
    if (types == bundle.rtx.end()) return;
    const auto fill = [&](pb::PayloadFormat& format) {
        const auto repeats = types->second.find(static_cast<std::uint8_t>(format.payload_type()));
        if (repeats != types->second.end()) format.set_rtx_payload_type(repeats->second);
    };
    for (pb::PayloadFormat& format : *medium.mutable_receive()) fill(format);
    if (medium.has_send()) fill(*medium.mutable_send());
}

void fill_bundle(pb::SessionState& message, const SessionBundle& bundle) {
    pb::Bundle& said = *message.mutable_bundle();
    for (const std::string& mid : bundle.mids) said.add_mids(mid);
    said.set_local_ufrag(bundle.local.ufrag);
    said.set_local_pwd(bundle.local.pwd);
    said.set_remote_ufrag(bundle.remote.ufrag);
    said.set_remote_pwd(bundle.remote.pwd);
    said.mutable_extensions()->set_mid(bundle.extensions.mid);
    said.mutable_extensions()->set_audio_level(bundle.extensions.audio_level);
    said.mutable_extensions()->set_transport_sequence(bundle.extensions.transport_sequence);
    for (pb::MediaState& medium : *message.mutable_media()) {
        medium.set_feedback_transport_cc(bundle.transport_cc.contains(medium.mid()));
        fill_rtx(medium, bundle);
        const auto ssrcs = bundle.remote_ssrcs.find(medium.mid());
        if (ssrcs == bundle.remote_ssrcs.end()) continue;
        for (const std::uint32_t ssrc : ssrcs->second) medium.add_remote_ssrcs(ssrc);
    }
}

SessionBundle bundle_from(const pb::SessionState& message) {
    const pb::Bundle& said = message.bundle();
    SessionBundle bundle;
    bundle.mids.assign(said.mids().begin(), said.mids().end());
    bundle.local = {said.local_ufrag(), said.local_pwd()};
    bundle.remote = {said.remote_ufrag(), said.remote_pwd()};
    bundle.extensions.mid = static_cast<std::uint8_t>(said.extensions().mid());
    bundle.extensions.audio_level = static_cast<std::uint8_t>(said.extensions().audio_level());
    bundle.extensions.transport_sequence =
        static_cast<std::uint8_t>(said.extensions().transport_sequence());
    for (const pb::MediaState& medium : message.media()) {
        if (medium.feedback_transport_cc()) bundle.transport_cc.insert(medium.mid());
        for (const pb::PayloadFormat& format : medium.receive()) {
            if (format.rtx_payload_type() == 0) continue;
            bundle.rtx[medium.mid()][static_cast<std::uint8_t>(format.payload_type())] =
                static_cast<std::uint8_t>(format.rtx_payload_type());
        }
        if (medium.remote_ssrcs().empty()) continue;
        bundle.remote_ssrcs[medium.mid()].assign(medium.remote_ssrcs().begin(),
                                                 medium.remote_ssrcs().end());
    }
    return bundle;
}

void fill(pb::SessionState& message, const SessionSpec& session) {
    message.set_session(session.id);
    message.set_display_name(session.display_name);
    for (const std::string& role : session.roles) message.add_roles(role);
    message.set_audio_muted(session.audio_muted);
    message.set_video_muted(session.video_muted);
    message.set_layout(session.layout);
    message.set_self_view(to_proto(session.self_view));
    for (const std::string& pinned : session.pinned) message.add_pinned_sessions(pinned);
    for (const SessionMedia& medium : session.media) fill(*message.add_media(), medium);
    message.set_local_address(session.local_address);
    if (session.bundle) fill_bundle(message, *session.bundle);
}

SessionSpec from_proto(const pb::SessionState& message) {
    SessionSpec session;
    session.id = message.session();
    session.display_name = message.display_name();
    session.roles.assign(message.roles().begin(), message.roles().end());
    session.audio_muted = message.audio_muted();
    session.video_muted = message.video_muted();
    session.layout = message.layout();
    session.self_view = from_proto(message.self_view());
    session.pinned.assign(message.pinned_sessions().begin(), message.pinned_sessions().end());
    for (const pb::MediaState& medium : message.media())
        session.media.push_back(from_proto(medium));
    session.local_address = message.local_address();
    if (message.has_bundle()) session.bundle = bundle_from(message);
    return session;
}

StreamStatistics from_proto(const pb::StreamStatistics& message) {
    StreamStatistics stream;
    stream.mid = message.mid();
    stream.codec = message.codec();
    stream.packets_received = message.packets_received();
    stream.bytes_received = message.bytes_received();
    stream.packets_lost = message.packets_lost();
    stream.packets_dropped = message.packets_dropped();
    stream.dropped.insert(message.dropped().begin(), message.dropped().end());
    stream.pictures_broken = message.pictures_broken();
    stream.packets_recovered = message.packets_recovered();
    stream.packets_sent_again = message.packets_sent_again();
    stream.freezes = message.freezes();
    stream.longest_repair_ms = message.longest_repair_ms();
    stream.jitter_ms = message.jitter_ms();
    stream.packets_sent = message.packets_sent();
    stream.bytes_sent = message.bytes_sent();
    stream.round_trip_ms = message.round_trip_ms();
    stream.remote_loss_percent = message.remote_loss_percent();
    stream.starts_asked = message.starts_asked();
    stream.starts_wanted = message.starts_wanted();
    stream.width = message.width();
    stream.height = message.height();
    stream.frames_per_second = message.frames_per_second();
    stream.packets_heard = message.packets_heard();
    stream.failure = message.failure();
    if (message.played_samples() > 0) {
        stream.concealed_percent = 100.0 * static_cast<double>(message.concealed_samples()) /
                                   static_cast<double>(message.played_samples());
    }
    stream.playout_delay_ms = message.playout_delay_ms();
    return stream;
}

ConferenceStatistics from_proto(const pb::StatisticsEvent& message) {
    ConferenceStatistics statistics;
    statistics.sessions = message.sessions();
    statistics.views = message.views();
    statistics.encoders = message.encoders();
    statistics.splice_contexts = message.splice_contexts();
    statistics.encoders_opened = message.encoders_opened();
    statistics.key_pictures = message.key_pictures();
    statistics.splice_pictures = message.splice_pictures();
    statistics.late_ticks = message.late_ticks();
    statistics.sounds_encoded = message.sounds_encoded();
    statistics.pictures_encoded = message.pictures_encoded();
    statistics.pictures_skipped = message.pictures_skipped();
    statistics.drawn_after_ms = message.drawn_after_ms();
    const pb::StageCpu& cpu = message.cpu();
    statistics.cpu = {cpu.decode_seconds(), cpu.scale_seconds(), cpu.compose_seconds(),
                      cpu.encode_seconds(), cpu.audio_seconds()};
    statistics.encoders_by_rung.insert(message.encoders_by_rung().begin(),
                                       message.encoders_by_rung().end());
    for (const pb::SessionStatistics& each : message.per_session()) {
        SessionStatistics session;
        session.session = each.session();
        session.rung = each.rung();
        session.speaking = each.speaking();
        session.audio_level_dbfs = each.audio_level_dbfs();
        for (const pb::StreamStatistics& stream : each.streams())
            session.streams.push_back(from_proto(stream));
        statistics.per_session.push_back(std::move(session));
    }
    return statistics;
}

MediaFlow from_proto(const pb::MediaEvent& message) {
    MediaFlow flow{message.mid(), MediaFlow::State::Started};
    if (message.state() == pb::MediaEvent::STOPPED) flow.state = MediaFlow::State::Stopped;
    if (message.state() == pb::MediaEvent::FROZEN) flow.state = MediaFlow::State::Frozen;
    if (message.state() == pb::MediaEvent::RESUMED) flow.state = MediaFlow::State::Resumed;
    return flow;
}

common::ErrorCode code_of(grpc::StatusCode code) {
    switch (code) {
        case grpc::StatusCode::FAILED_PRECONDITION:
            return common::ErrorCode::StaleFence;
        case grpc::StatusCode::NOT_FOUND:
            return common::ErrorCode::NotFound;
        case grpc::StatusCode::INVALID_ARGUMENT:
            return common::ErrorCode::InvalidArgument;
        case grpc::StatusCode::RESOURCE_EXHAUSTED:
            return common::ErrorCode::LimitReached;
        case grpc::StatusCode::UNIMPLEMENTED:
            return common::ErrorCode::Unsupported;
        case grpc::StatusCode::UNAVAILABLE:
        case grpc::StatusCode::DEADLINE_EXCEEDED:
        case grpc::StatusCode::CANCELLED:
            return common::ErrorCode::Unavailable;
        default:
            return common::ErrorCode::Internal;
    }
}

}  // namespace

NodeLoad from_proto(const pb::NodeLoad& message) {
    NodeLoad load;
    load.cpu_share = message.cpu_share();
    load.pool_wait_p95_ms = message.pool_wait_p95_ms();
    load.tick_late_ms = message.tick_late_ms();
    load.ticks_lost = message.ticks_lost();
    load.audio_ticks_lost = message.audio_ticks_lost();
    load.pictures_skipped = message.pictures_skipped();
    load.step = message.step();
    load.step_name = message.step_name();
    load.steps_down = message.steps_down();
    load.steps_up = message.steps_up();
    load.capacity_left = message.capacity_left();
    load.refusal = message.refusal();
    load.retry_after_s = message.retry_after_s();
    return load;
}

NodeInfo from_proto(const pb::NodeInfo& message) {
    NodeInfo info;
    info.incarnation = message.incarnation();
    info.version = message.version();
    info.audio_codecs.assign(message.audio_codecs().begin(), message.audio_codecs().end());
    info.video_codecs.assign(message.video_codecs().begin(), message.video_codecs().end());
    info.max_sessions = message.max_sessions();
    info.ipv6 = message.ipv6();
    info.load = from_proto(message.load());
    return info;
}

ConferenceSpec from_proto(const pb::ConferenceState& message) {
    ConferenceSpec spec;
    spec.revision = message.revision();
    spec.default_layout = message.default_layout();
    spec.default_self_view = from_proto(message.default_self_view());
    spec.pinned.assign(message.pinned_sessions().begin(), message.pinned_sessions().end());
    spec.noise_suppression = !message.noise_suppression_off();
    spec.level_voices = !message.leveling_off();
    spec.max_size = {static_cast<int>(message.max_width()), static_cast<int>(message.max_height())};
    for (const pb::SessionState& session : message.sessions())
        spec.sessions.push_back(from_proto(session));
    return spec;
}

LayoutList from_proto(const pb::ListLayoutsReply& message) {
    LayoutList list;
    list.names.assign(message.names().begin(), message.names().end());
    for (const auto& layout : message.layouts()) {
        list.layouts.push_back({layout.name(), layout.description(), layout.file(), layout.table(),
                                layout.most_people(), layout.self_view()});
    }
    for (const auto& refused : message.refused()) {
        list.refused.push_back(
            {refused.file(), refused.line(), refused.column(), refused.message()});
    }
    return list;
}

pb::ConferenceState to_proto(const ConferenceSpec& spec) {
    pb::ConferenceState message;
    message.set_revision(spec.revision);
    message.set_default_layout(spec.default_layout);
    message.set_default_self_view(to_proto(spec.default_self_view));
    for (const std::string& pinned : spec.pinned) message.add_pinned_sessions(pinned);
    message.set_noise_suppression_off(!spec.noise_suppression);
    message.set_leveling_off(!spec.level_voices);
    message.set_max_width(static_cast<std::uint32_t>(spec.max_size.width));
    message.set_max_height(static_cast<std::uint32_t>(spec.max_size.height));
    for (const SessionSpec& session : spec.sessions) fill(*message.add_sessions(), session);
    return message;
}

LocalMedia from_proto(const pb::LocalMedia& message) {
    return {message.session(),
            message.mid(),
            message.address(),
            static_cast<std::uint16_t>(message.rtp_port()),
            static_cast<std::uint16_t>(message.rtcp_port()),
            message.ssrc(),
            message.cname(),
            message.fingerprint(),
            message.rtx_ssrc()};
}

LocalBundle from_proto(const pb::LocalBundle& message) {
    LocalBundle bundle{message.session(), {}};
    for (const pb::IceCandidate& candidate : message.candidates()) {
        const bool tcp = candidate.transport() == pb::IceCandidate::TCP_PASSIVE;
        bundle.candidates.push_back(candidate.foundation() + " 1 " + (tcp ? "tcp " : "udp ") +
                                    std::to_string(candidate.priority()) + " " +
                                    candidate.address() + " " + std::to_string(candidate.port()) +
                                    " typ host" + (tcp ? " tcptype passive" : ""));
    }
    return bundle;
}

NodeEvent from_proto(const pb::Event& message) {
    NodeEvent event{message.instance(), message.session(), SpeakersRanked{}};
    switch (message.what_case()) {
        case pb::Event::kSpeaker: {
            const auto& ranked = message.speaker().ranked_sessions();
            event.what = SpeakersRanked{{ranked.begin(), ranked.end()}};
            break;
        }
        case pb::Event::kDtmf:
            event.what = DigitReceived{
                message.dtmf().digit().empty() ? '\0' : message.dtmf().digit().front(),
                std::chrono::milliseconds(message.dtmf().duration_ms())};
            break;
        case pb::Event::kMedia:
            event.what = from_proto(message.media());
            break;
        case pb::Event::kKeyFrameWanted:
            event.what = KeyFrameWanted{message.key_frame_wanted().mid()};
            break;
        case pb::Event::kEnded:
            event.what = SessionEnded{message.ended().reason()};
            break;
        case pb::Event::kLoad:
            event.what = from_proto(message.load());
            break;
        case pb::Event::kStatistics:
        case pb::Event::WHAT_NOT_SET:
            event.what = from_proto(message.statistics());
            break;
    }
    return event;
}

common::Error error_of(const std::string& command, const grpc::Status& status) {
    std::string message = status.error_message();
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) message = "no answer in time";
    return {code_of(status.error_code()), command + ": " + message};
}

}  // namespace signaling::control

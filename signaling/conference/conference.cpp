#include "signaling/conference/conference.h"

#include <algorithm>
#include <utility>

#include "common/invariant.h"
#include "common/log.h"
#include "signaling/conference/session_media.h"

namespace signaling {

using common::ErrorCode;
using common::Result;

namespace {

// What one participant may send us: more buys nothing in a tile, and old room systems send what
// they are allowed to.
constexpr auto kReceive1080p = common::Bitrate::from_kbps(4000);
constexpr auto kReceive720p = common::Bitrate::from_kbps(2500);
constexpr int kRetryWhenAwayS = 2;
constexpr int kRetryWhenFullS = 30;
constexpr const char* kTakenOver = "the room was taken over by another signalling daemon";

bool is_away(const common::Error& error) {
    return error.code == ErrorCode::Unavailable || error.code == ErrorCode::StaleFence;
}

Refusal refusal_for(const common::Error& error) {
    if (is_away(error)) {
        return {RefusalReason::MediaAway, "the media daemon is away: " + error.message,
                kRetryWhenAwayS};
    }
    return {RefusalReason::Internal, error.message, 0};
}

std::optional<SessionBundle> bundle_for(const CallRequest& request, const MediaAnswer& ours) {
    std::optional<SessionBundle> bundle = request.bundle;
    if (!bundle) return bundle;
    for (const AnsweredMedia& medium : ours.media) {
        if (medium.accepted) bundle->mids.push_back(medium.mid);
    }
    return bundle;
}

}  // namespace

Conference::Conference(MediaNode& node, const common::Clock& clock, RoomSettings policy,
                       Ownership ownership, RoomObserver* observer)
    : node_(node),
      clock_(clock),
      observer_(observer),
      configured_(policy),
      policy_(std::move(policy)),
      sync_(node, *this, std::move(ownership), policy_.id) {}

void Conference::admit(ParticipantId id, const CallRequest& request, Call& call,
                       Admission::OnAdmitted done) {
    if (std::cmp_greater_equal(participants_.size(), policy_.max_participants)) {
        const std::string most = std::to_string(policy_.max_participants);
        return done(tl::unexpected(Refusal{RefusalReason::Full,
                                           "room '" + policy_.id + "' is full: it takes " + most,
                                           kRetryWhenFullS}));
    }
    const Capabilities have = capabilities(request);
    tl::expected<MediaAnswer, Refusal> ours =
        request.offer ? negotiate(*request.offer, have) : make_offer(have);
    if (!ours) return done(tl::unexpected(ours.error()));

    began_ = true;
    Participant& participant = participants_[id];
    participant.request = request;
    participant.call = &call;
    participant.ours = *ours;
    if (request.offer) participant.peer = *request.offer;
    participant.last_sign = clock_.now();
    participant.session.id = id;
    participant.session.display_name = request.display_name;
    participant.session.local_address = local_address_for(request);
    participant.session.layout = request.layout;
    participant.session.roles = request.roles;
    participant.session.bundle = bundle_for(request, *ours);
    participant.session.media = session_media(*ours, participant.peer, {});
    apply([this, id, done = std::move(done)](const Result<void>& result) {
        finish_admit(id, result, done);
    });
}

// Ours on the route to the peer's signalling; left to the media's own route when that is of the
// other family.
std::string Conference::local_address_for(const CallRequest& request) {
    const auto is_ipv6 = [](const std::string& address) {
        return address.find(':') != std::string::npos;
    };
    if (!request.offer) return request.local_address;
    for (const OfferedMedia& medium : request.offer->media) {
        if (medium.address.empty()) continue;
        return is_ipv6(medium.address) == is_ipv6(request.local_address) ? request.local_address
                                                                         : std::string();
    }
    return request.local_address;
}

void Conference::finish_admit(const ParticipantId& id, const Result<void>& result,
                              const Admission::OnAdmitted& done) {
    Participant* participant = find(id);
    INVARIANT(participant != nullptr);
    tl::expected<Admitted, Refusal> outcome = Admitted{id, participant->ours};
    if (participant->state == Participant::State::Leaving) {
        outcome = tl::unexpected(Refusal{RefusalReason::Forbidden, "removed from the room", 0});
    } else if (!result) {
        outcome = tl::unexpected(refusal_for(result.error()));
    } else if (!participant->failure.empty()) {
        outcome = tl::unexpected(
            Refusal{RefusalReason::Overloaded, participant->failure, kRetryWhenFullS});
    } else if (participant->session.bundle && participant->candidates.empty()) {
        outcome = tl::unexpected(Refusal{
            RefusalReason::MediaAway, "the media daemon of this server takes no media by ICE", 0});
    } else if (!participant->fill_addresses(outcome->media)) {
        outcome =
            tl::unexpected(Refusal{RefusalReason::Internal, "the media daemon opened no port", 0});
    } else {
        outcome->candidates = participant->candidates;
    }
    if (!outcome) {
        LOG_INFO("not admitted conference={} room={} from={}: {}", instance(), policy_.id,
                 participant->request.remote_uri, outcome.error().text);
        participants_.erase(id);
        sync_.changed();
    } else {
        participant->state = Participant::State::Joined;
        participant->ours = outcome->media;
        participant->joined = participant->last_sign = clock_.now();
        LOG_INFO("joined conference={} room={} session={} name=\"{}\" from={} by={}", instance(),
                 policy_.id, id, participant->session.display_name, participant->request.remote_uri,
                 participant->request.protocol);
        tell_joined(*participant);
    }
    done(outcome);
}

void Conference::update(const ParticipantId& id, const std::optional<MediaOffer>& offer,
                        Admission::OnMedia done) {
    Participant* participant = find(id);
    INVARIANT(participant != nullptr);
    if (!offer) {
        return take_media(*participant,
                          make_offer(capabilities(participant->request), participant->ours),
                          participant->peer, std::move(done));
    }
    const auto ours = negotiate(*offer, capabilities(participant->request), &participant->ours);
    if (!ours) return done(tl::unexpected(ours.error()));
    take_media(*participant, *ours, *offer, std::move(done));
}

void Conference::answered(const ParticipantId& id, const MediaOffer& answer,
                          Admission::OnMedia done) {
    Participant* participant = find(id);
    INVARIANT(participant != nullptr);
    const auto settled = settle(participant->ours, answer);
    if (!settled) return done(tl::unexpected(settled.error()));
    take_media(*participant, *settled, answer, std::move(done));
}

void Conference::take_media(Participant& participant, const MediaAnswer& ours,
                            const MediaOffer& peer, Admission::OnMedia done) {
    const bool was_expected = participant.media_expected();
    MediaBefore before{participant.session.media, participant.peer};
    participant.took_media = participant.took_media || participant.takes_media();
    participant.session.media = session_media(ours, peer, participant.session.media);
    participant.peer = peer;
    ++participant.negotiations;
    if (!was_expected)
        participant.last_sign = clock_.now();  // back from hold: its time starts anew
    apply([this, id = participant.session.id, ours, before = std::move(before),
           done = std::move(done)](const Result<void>& result) {
        finish_media(id, ours, before, result, done);
    });
}

void Conference::finish_media(const ParticipantId& id, MediaAnswer ours, MediaBefore before,
                              const Result<void>& result, const Admission::OnMedia& done) {
    Participant* participant = find(id);
    if (participant == nullptr || participant->state != Participant::State::Joined) {
        return done(tl::unexpected(Refusal{RefusalReason::Internal, "no longer in the room", 0}));
    }
    --participant->negotiations;
    const std::string failure = std::exchange(participant->failure, {});
    std::optional<Refusal> refusal;
    if (!result && !is_away(result.error())) {
        refusal = refusal_for(result.error());  // and with it the state of the whole room
    } else if (!failure.empty()) {
        refusal = Refusal{RefusalReason::NotAcceptable, failure, 0};
    }
    if (refusal) {  // the media daemon does not take it: back to what was
        participant->session.media = std::move(before.session);
        participant->peer = std::move(before.peer);
        sync_.changed();
        return done(tl::unexpected(*std::move(refusal)));
    }
    // While the media daemon is away the dialog goes on with the addresses it had; a re-offer
    // brings the new ones.
    if (!participant->fill_addresses(ours)) {
        return done(tl::unexpected(
            result ? Refusal{RefusalReason::Internal, "the media daemon opened no port", 0}
                   : refusal_for(result.error())));
    }
    participant->ours = ours;
    done(std::move(ours));
}

void Conference::picture_fast_update(const ParticipantId& id, const std::string& mid) {
    Participant* participant = find(id);
    if (participant == nullptr) return;
    for (SessionMedia& medium : participant->session.media) {
        if (medium.kind == MediaKind::Video && (mid.empty() || medium.mid == mid))
            ++medium.start_asked;
    }
    sync_.changed();
}

void Conference::left(const ParticipantId& id, const Ending& ending) {
    const auto gone = participants_.find(id);
    INVARIANT(gone != participants_.end());
    LOG_INFO("left conference={} room={} session={} name=\"{}\": {}", instance(), policy_.id, id,
             gone->second.session.display_name, ending.text);
    const bool was_wanted = gone->second.state != Participant::State::Leaving;
    if (observer_ != nullptr) observer_->left(*this, gone->second, ending);
    participants_.erase(gone);
    std::erase(pinned_, id);
    for (auto& [each, participant] : participants_) std::erase(participant.session.pinned, id);
    if (was_wanted) sync_.changed();
}

tl::unexpected<common::Error> Conference::nobody_called(const ParticipantId& id) const {
    return common::fail(ErrorCode::NotFound,
                        "no participant '" + id + "' in room '" + policy_.id + "'");
}

void Conference::tell_joined(const Participant& participant) {
    if (observer_ == nullptr) return;
    if (!std::exchange(told_begin_, true)) observer_->began(*this);
    observer_->joined(*this, participant);
}

void Conference::tell_changed(const std::optional<ParticipantId>& id, const RoomChange& what,
                              const Actor& actor) const {
    if (observer_ != nullptr) observer_->changed(*this, id.value_or(""), what, actor);
}

void Conference::note_end() {
    if (std::exchange(told_begin_, false)) observer_->ended(*this);
}

template <typename Change>
void Conference::change(const std::optional<ParticipantId>& id, const RoomChange& what,
                        const Actor& actor, Done done, Change&& change_one) {
    if (id) {
        Participant* participant = find(*id);
        if (participant == nullptr || participant->state == Participant::State::Leaving) {
            return done(nobody_called(*id));
        }
        change_one(*participant);
    } else {
        for (auto& [each, participant] : participants_) change_one(participant);
    }
    tell_changed(id, what, actor);
    apply(std::move(done));
}

void Conference::set_layout(const std::optional<ParticipantId>& id, const std::string& layout,
                            Done done, const Actor& actor) {
    if (!id) policy_.layout = layout;
    // The room's choice is for those who made none of their own.
    change(id, LayoutChosen{layout}, actor, std::move(done), [&](Participant& p) {
        if (id) p.session.layout = layout;
    });
}

void Conference::set_self_view(const std::optional<ParticipantId>& id, SelfView view, Done done,
                               const Actor& actor) {
    if (!id) policy_.self_view = view;
    change(id, SelfViewChosen{view}, actor, std::move(done), [&](Participant& p) {
        if (id) p.session.self_view = view;
    });
}

void Conference::pin(const std::optional<ParticipantId>& id,
                     const std::vector<ParticipantId>& pinned, Done done, const Actor& actor) {
    for (const ParticipantId& each : pinned) {
        if (find(each) == nullptr) return done(nobody_called(each));
    }
    if (!id) pinned_ = pinned;
    change(id, PinsChosen{pinned}, actor, std::move(done), [&](Participant& p) {
        if (id) p.session.pinned = pinned;
    });
}

void Conference::set_roles(const ParticipantId& id, const std::vector<std::string>& roles,
                           Done done, const Actor& actor) {
    change(id, RolesGiven{roles}, actor, std::move(done),
           [&](Participant& p) { p.session.roles = roles; });
}

void Conference::mute(const std::optional<ParticipantId>& id, Muting muting, Done done,
                      const Actor& actor) {
    const Muted what{muting.audio, muting.video};
    change(id, what, actor, std::move(done), [muting](Participant& p) {
        p.session.audio_muted = muting.audio.value_or(p.session.audio_muted);
        p.session.video_muted = muting.video.value_or(p.session.video_muted);
    });
}

void Conference::kick(const std::optional<ParticipantId>& id, const std::string& reason, Done done,
                      const Actor& actor) {
    if (id && find(*id) == nullptr) return done(nobody_called(*id));
    tell_changed(id, Kicked{reason}, actor);
    std::vector<ParticipantId> leaving;
    if (id) {
        leaving.push_back(*id);
    } else {
        for (const auto& [each, participant] : participants_) leaving.push_back(each);
    }
    for (const ParticipantId& each : leaving) dismiss(each, {Ending::Cause::Kicked, reason});
    if (node_.info() == nullptr) return done(common::fail(ErrorCode::Unavailable, "not connected"));
    if (lost_) return done(common::fail(ErrorCode::StaleFence, kTakenOver));
    sync_.wait(std::move(done));
}

void Conference::handle(const NodeEvent& event) {
    if (const auto* ranked = std::get_if<SpeakersRanked>(&event.what)) {
        speakers_ = ranked->sessions;
    } else if (const auto* statistics = std::get_if<ConferenceStatistics>(&event.what)) {
        statistics_ = *statistics;
        for (const SessionStatistics& session : statistics->per_session) {
            if (Participant* p = find(session.session)) take_statistics(*p, session);
        }
        statistics_.per_session.clear();  // each participant keeps its own
    }
    Participant* participant = find(event.session);
    if (participant == nullptr || participant->state == Participant::State::Leaving) return;
    if (const auto* flow = std::get_if<MediaFlow>(&event.what)) {
        participant->media_flow(*flow, clock_.now());
    } else if (const auto* wanted = std::get_if<KeyFrameWanted>(&event.what)) {
        if (participant->call != nullptr && participant->state == Participant::State::Joined) {
            participant->call->request_key_frame(wanted->mid);
        }
    } else if (const auto* digit = std::get_if<DigitReceived>(&event.what)) {
        LOG_INFO("digit conference={} session={} digit={}", instance(), event.session,
                 digit->digit);
    } else if (const auto* ended = std::get_if<SessionEnded>(&event.what)) {
        dismiss(event.session, {Ending::Cause::MediaFailed, ended->reason});
    }
}

void Conference::take_statistics(Participant& participant, const SessionStatistics& read) {
    for (const StreamStatistics& stream : read.streams) {
        const std::string before = participant.failure_of(stream.mid);
        if (stream.failure == before) continue;
        if (stream.failure.empty()) {
            LOG_INFO("sent again conference={} session={} mid={}", instance(), read.session,
                     stream.mid);
        } else {
            LOG_WARNING("nothing is sent conference={} session={} mid={}: {}", instance(),
                        read.session, stream.mid, stream.failure);
        }
    }
    participant.take_statistics(read, clock_.now());
}

void Conference::node_up(bool restarted) {
    if (restarted) drop_adopted("the media daemon was restarted");
    for (auto& [id, participant] : participants_) {
        participant.flowing.clear();
        participant.packets_heard = 0;
        participant.last_sign = clock_.now();
        if (!restarted) continue;
        participant.forget_keys();
        participant.key_renewal.begin_anew();
    }
    sync_.node_up();
}

void Conference::node_down(const std::string& why) {
    sync_.node_down(why);
}

void Conference::tick(const Patience& patience) {
    if (node_.info() == nullptr) return;
    std::map<ParticipantId, common::Duration> silent;
    for (const auto& [id, participant] : participants_) {
        // Who is on hold may send nothing at all; but its BYE, too, may be lost.
        const auto most = participant.media_expected() ? patience.media : patience.hold;
        const bool counts = participant.state == Participant::State::Joined;
        if (counts && participant.silent_for(clock_.now()) > most) silent[id] = most;
    }
    end_deaf();
    for (const auto& [id, most] : silent) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(most).count();
        dismiss(id, {Ending::Cause::MediaFailed, "no media for " + std::to_string(seconds) + " s"});
    }
    sync_.retry();
}

void Conference::end_deaf() {
    std::map<ParticipantId, std::string> complaints;
    for (auto& [id, participant] : participants_) {
        if (participant.state != Participant::State::Joined || participant.adopted()) continue;
        if (!participant.media_expected()) participant.key_renewal.pause(clock_.now());
        if (auto why = participant.key_renewal.complaint(clock_.now()))
            complaints[id] = *std::move(why);
    }
    for (auto& [id, why] : complaints) dismiss(id, {Ending::Cause::KeysNotRenewed, std::move(why)});
}

void Conference::take_policy(const RoomSettings& policy) {
    // What somebody changed by hand stays until the file says something else.
    if (policy.layout != configured_.layout) policy_.layout = policy.layout;
    if (policy.self_view != configured_.self_view) policy_.self_view = policy.self_view;
    policy_.name = policy.name;
    policy_.max_participants = policy.max_participants;
    policy_.max_size = policy.max_size;
    if (policy.layout != configured_.layout)
        tell_changed({}, LayoutChosen{policy.layout}, kConfigurationActor);
    if (policy.self_view != configured_.self_view)
        tell_changed({}, SelfViewChosen{policy.self_view}, kConfigurationActor);
    configured_ = policy;
    sync_.changed();
}

void Conference::end_all(const Ending& ending) {
    std::vector<ParticipantId> all;
    for (const auto& [id, participant] : participants_) all.push_back(id);
    for (const ParticipantId& id : all) dismiss(id, ending);
}

bool Conference::over() const {
    return empty() && (lost_ || sync_.settled());
}

ConferenceSpec Conference::desired_state() const {
    ConferenceSpec spec;
    spec.default_layout = policy_.layout;
    spec.default_self_view = policy_.self_view;
    spec.max_size = policy_.max_size;
    spec.pinned = pinned_;
    spec.noise_suppression = policy_.noise_suppression;
    spec.level_voices = policy_.level_voices;
    for (const auto& [id, participant] : participants_) {
        if (participant.state != Participant::State::Leaving)
            spec.sessions.push_back(participant.session);
    }
    return spec;
}

void Conference::state_applied(const AppliedState& applied) {
    std::map<ParticipantId, std::map<std::string, LocalMedia>> opened;
    for (const LocalMedia& local : applied.local) opened[local.session][local.mid] = local;
    for (auto& [id, participant] : participants_) {
        participant.failure.clear();
        participant.take_local(opened[id]);
    }
    for (const LocalBundle& bundle : applied.bundles) {
        if (Participant* p = find(bundle.session)) p->candidates = bundle.candidates;
    }
    for (const SessionFailure& failure : applied.failures) {
        Participant* p = find(failure.session);
        if (p == nullptr) continue;
        LOG_WARNING("refused by the media daemon conference={} session={}: {}", instance(),
                    failure.session, failure.reason);
        p->failure = failure.reason;
        // While the peer waits for an answer that is to refuse it, its call goes on as it was.
        if (p->state == Participant::State::Joined && p->negotiations == 0) {
            dismiss(failure.session, {Ending::Cause::MediaFailed, failure.reason});
        }
    }
    re_offer_where_told_otherwise();
}

void Conference::state_adopted(const ClaimedState& claimed) {
    began_ = true;
    if (!claimed.running.default_layout.empty()) policy_.layout = claimed.running.default_layout;
    policy_.self_view = claimed.running.default_self_view;
    pinned_ = claimed.running.pinned;
    for (const SessionSpec& session : claimed.running.sessions) {
        Participant& participant = participants_[session.id];
        participant.session = session;
        participant.state = Participant::State::Joined;
        participant.request.room = policy_.id;
        participant.request.display_name = session.display_name;
        participant.joined = participant.last_sign = clock_.now();
    }
    for (const LocalMedia& local : claimed.local) {
        if (Participant* p = find(local.session)) p->local[local.mid] = local;
    }
    LOG_INFO("adopted conference={} room={} sessions={}", instance(), policy_.id,
             claimed.running.sessions.size());
    told_begin_ = observer_ != nullptr;
    if (told_begin_) observer_->adopted(*this);
    if (participants_.empty()) sync_.changed();  // nobody is left there: end it
    if (const auto adopted = std::exchange(adopted_, nullptr)) adopted();
}

bool Conference::resume(const Resumption& former, Call& call) {
    Participant* participant = find(former.participant);
    if (participant == nullptr || !participant->adopted()) return false;
    participant->call = &call;
    participant->request = former.request;
    participant->ours = former.ours;
    participant->peer = former.peer;
    participant->took_media = participant->takes_media();
    // Of an offer of ours the journal has what we offered; what came of it is what runs.
    for (AnsweredMedia& medium : participant->ours.media) {
        const auto running =
            std::ranges::find(participant->session.media, medium.mid, &SessionMedia::mid);
        if (!medium.accepted || running == participant->session.media.end()) continue;
        if (!medium.send.name.empty()) continue;
        medium.direction = running->direction;
        medium.receive = running->receive;
        medium.send = running->send;
        medium.rtcp_mux = running->rtcp_mux;
        medium.telephone_event_pt = running->telephone_event_pt;
        medium.telephone_event_clock_hz = running->telephone_event_clock_hz;
    }
    LOG_INFO("resumed conference={} room={} session={} from={}", instance(), policy_.id,
             former.participant, former.request.remote_uri);
    return true;
}

void Conference::state_lost(const std::string& why) {
    LOG_ERROR("lost conference={} room={}: {}", instance(), policy_.id, why);
    lost_ = true;
    began_ = true;  // also when it was lost before it could be adopted: it makes room
    drop_adopted(why);
    if (const auto adopted = std::exchange(adopted_, nullptr)) adopted();
    end_all({Ending::Cause::RoomEnded, kTakenOver});
}

Participant* Conference::find(const ParticipantId& id) {
    const auto found = participants_.find(id);
    return found == participants_.end() ? nullptr : &found->second;
}

// While the media daemon is away, what it could when it was last there.
Capabilities Conference::capabilities(const CallRequest& request) {
    if (const NodeInfo* info = node_.info()) {
        last_capabilities_.audio = info->audio_codecs;
        last_capabilities_.video = info->video_codecs;
        last_capabilities_.video_bandwidth =
            policy_.max_size.height > 720 ? kReceive1080p : kReceive720p;
    }
    Capabilities have = last_capabilities_;
    have.security.encryption = request.media_encryption;
    have.security.secure_signalling = request.secure_signalling;
    return have;
}

void Conference::apply(Done done) {
    // Nothing we say counts any more, and nobody would answer.
    if (lost_) return done(common::fail(ErrorCode::StaleFence, kTakenOver));
    if (node_.info() != nullptr) return sync_.changed(std::move(done));
    sync_.changed();
    done(common::fail(ErrorCode::Unavailable, "not connected"));
}

void Conference::re_offer_where_told_otherwise() {
    for (auto& [id, participant] : participants_) {
        if (participant.state != Participant::State::Joined || participant.adopted()) continue;
        if (participant.negotiations == 0 && participant.told_otherwise()) re_offer(participant);
    }
}

void Conference::re_offer(Participant& participant) {
    // Its ports are new, and so are the counters of its packets: no key may be used again.
    for (AnsweredMedia& medium : participant.ours.media) {
        medium.security = renew_security(medium.security, make_srtp_key);
    }
    static_cast<void>(participant.fill_addresses(participant.ours));
    const std::uint64_t serial = ++participant.re_offers;
    LOG_INFO("re-offer conference={} session={}", instance(), participant.session.id);
    // It may have to wait for an exchange that changes what is agreed: what holds then is offered.
    participant.call->re_offer(
        [this, id = participant.session.id] { return whole_side_of(id); },
        [this, id = participant.session.id, serial](
            const tl::expected<MediaOffer, Refusal>& answer) { re_offered(id, serial, answer); });
}

MediaAnswer Conference::whole_side_of(const ParticipantId& id) {
    Participant* participant = find(id);
    if (participant == nullptr) return {};
    static_cast<void>(participant->fill_addresses(participant->ours));
    return participant->ours;
}

void Conference::re_offered(const ParticipantId& id, std::uint64_t serial,
                            const tl::expected<MediaOffer, Refusal>& answer) {
    Participant* participant = find(id);
    // A newer one is under way when the serial is old: that one counts.
    if (participant == nullptr || participant->state != Participant::State::Joined ||
        serial != participant->re_offers) {
        return;
    }
    const auto settled =
        answer ? settle(participant->ours, *answer) : tl::unexpected(answer.error());
    if (!settled) {
        // It still sends to addresses that are no more.
        return dismiss(id, {Ending::Cause::MediaFailed,
                            "new media addresses refused: " + settled.error().text});
    }
    const bool encrypted = std::ranges::any_of(settled->media, [](const AnsweredMedia& medium) {
        return medium.accepted && medium.security.agreed != KeyExchange::None;
    });
    if (encrypted) participant->key_renewal.agreed(clock_.now());
    take_media(*participant, *settled, *answer, [](const tl::expected<MediaAnswer, Refusal>&) {});
}

void Conference::dismiss(const ParticipantId& id, const Ending& ending) {
    Participant* participant = find(id);
    if (participant == nullptr || participant->state == Participant::State::Leaving) return;
    if (participant->adopted()) {
        left(id, ending);
        return;
    }
    // Who is still joining is refused when the media daemon has answered.
    const bool joined = participant->state == Participant::State::Joined;
    participant->state = Participant::State::Leaving;
    Call* call = participant->call;
    sync_.changed();
    if (joined) call->hang_up(ending);
}

void Conference::drop_adopted(const std::string& why) {
    std::vector<ParticipantId> adopted;
    for (const auto& [id, participant] : participants_) {
        if (participant.adopted()) adopted.push_back(id);
    }
    for (const ParticipantId& id : adopted) left(id, {Ending::Cause::MediaFailed, why});
}

}  // namespace signaling

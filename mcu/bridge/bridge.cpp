#include "mcu/bridge/bridge.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "common/log.h"
#include "mcu/bridge/negotiated_formats.h"

namespace mcu {

using common::Duration;
using common::SourceId;
using common::Timestamp;

namespace {

/// Unique in the process, as SourceId promises: bridges may one day hand sources to each other.
SourceId next_source() {
    static std::atomic<std::uint64_t> last{0};
    return SourceId{++last};
}

const SessionState* find_state(const ConferenceState& state, const std::string& session) {
    const auto found = std::ranges::find(state.sessions, session, &SessionState::id);
    return found == state.sessions.end() ? nullptr : &*found;
}

/// Between two lines about what a session's ports drop.
constexpr Duration kDropsInterval = std::chrono::minutes(1);

bool presents_content(const SessionState& state) {
    return std::ranges::any_of(state.media, [](const MediaConfig& media) {
        return media.kind == MediaKind::Video && media.content == "slides" &&
               we_receive(media.direction);
    });
}

}  // namespace

Bridge::Bridge(std::string instance, const BridgeServices& services, BridgeObserver& observer)
    : instance_(std::move(instance)),
      services_(services),
      observer_(observer),
      handle_(std::make_shared<Handle>(Handle{this})),
      stage_({.rungs = services.rungs, .ticks_per_second = 30}, services.media_pool,
             services.clock),
      video_(services.frames, stage_),
      planner_(stage_, services.layouts, services.frames),
      canvas_slots_(services.video_tick.slots()) {
    services_.audio_tick.add(audio_);
    services_.video_tick.add(video_);
}

Bridge::~Bridge() {
    handle_->bridge = nullptr;
    planner_.remove_all();
    services_.video_tick.remove(video_);
    for (auto& session : sessions_) session->leave();
    services_.audio_tick.remove(audio_);
}

Bridge::Applied Bridge::apply(const ConferenceState& state) {
    failures_.clear();
    ConferenceState wanted = state;
    for (const SessionFailure& unreadable : std::exchange(wanted.unreadable, {})) {
        fail(unreadable.session, "not understood", unreadable.reason);
        if (const BridgedSession* running = find(unreadable.session))
            wanted.sessions.push_back(running->state());
    }
    remove_absent(wanted);
    state_ = std::move(wanted);
    audio_.mixer().set_treatment({.high_pass = true,
                                  .noise_suppression = state_.noise_suppression,
                                  .leveling = state_.leveling});
    for (const SessionState& session : state_.sessions) upsert(session);
    replan(services_.clock.now());
    return local();
}

Bridge::Applied Bridge::local() const {
    Applied result;
    for (const auto& session : sessions_) {
        for (const LocalMedia& media : session->local()) {
            result.local.push_back(media);
            result.local_sessions.push_back(session->state().id);
        }
        if (!session->candidates().empty())
            result.bundles.push_back({session->state().id, session->candidates()});
    }
    result.failures = failures_;
    return result;
}

void Bridge::remove_absent(const ConferenceState& state) {
    const auto gone = std::stable_partition(
        sessions_.begin(), sessions_.end(),
        [&](const auto& session) { return find_state(state, session->state().id) != nullptr; });
    std::vector<std::unique_ptr<BridgedSession>> leaving(std::make_move_iterator(gone),
                                                         std::make_move_iterator(sessions_.end()));
    sessions_.erase(gone, sessions_.end());
    if (leaving.empty()) return;
    // First out of the picture (its subscription ends), then out of the sound and off the net.
    replan(services_.clock.now());
    for (auto& session : leaving) depart(std::move(session));
}

void Bridge::depart(std::unique_ptr<BridgedSession> session) {
    session->leave();
    LOG_INFO("left conference={} session={}", instance_, session->state().id);
    departed_.push_back({std::move(session), published_revision_});
}

void Bridge::upsert(const SessionState& state) {
    if (BridgedSession* session = find(state.id)) {
        if (session->state().local_address != state.local_address) return remake(state);
        if (const auto applied = session->apply(state); !applied)
            fail(state.id, "not changed", applied.error().message);
        return;
    }
    auto made = make(state);
    if (!made) return fail(state.id, "refused", made.error().message);
    sessions_.push_back(std::move(*made));
    LOG_INFO("joined conference={} session={} name='{}'", instance_, state.id, state.display_name);
}

common::Result<std::unique_ptr<BridgedSession>> Bridge::make(const SessionState& state) {
    const SourceId source = next_source();
    NetThread& net = *services_.net_threads[source.value % services_.net_threads.size()];
    return BridgedSession::create(instance_, state, source, services_, net, audio_, stage_, *this);
}

/// Sockets cannot change the address that they are bound to. The new session is there before the
/// old one goes, so that one that cannot be made costs nobody anything.
void Bridge::remake(const SessionState& state) {
    auto made = make(state);
    if (!made) return fail(state.id, "not changed", made.error().message);
    const auto place =
        std::ranges::find_if(sessions_, [&](const auto& s) { return s->state().id == state.id; });
    std::swap(*place, *made);
    replan(services_.clock.now());
    depart(std::move(*made));
    LOG_INFO("made anew conference={} session={} address='{}'", instance_, state.id,
             state.local_address);
}

void Bridge::fail(const std::string& session, const char* what, const std::string& reason) {
    failures_.push_back({session, reason});
    LOG_WARNING("{} conference={} session={}: {}", what, instance_, session, reason);
}

std::vector<SourceId> Bridge::sources_of(const std::vector<std::string>& sessions) const {
    std::vector<SourceId> sources;
    for (const std::string& id : sessions) {
        if (const BridgedSession* session = find(id)) sources.push_back(session->source());
    }
    return sources;
}

/// One presents at a time: who began first, until they stop.
void Bridge::follow_content() {
    const auto presents = [](const auto& session) { return presents_content(session->state()); };
    const BridgedSession* now = find(presenter_);
    if (now != nullptr && presents_content(now->state())) return;
    const auto next = std::ranges::find_if(sessions_, presents);
    presenter_ = next == sessions_.end() ? std::string() : (*next)->state().id;
    content_source_ = next == sessions_.end() ? SourceId{} : next_source();
}

PlanInput Bridge::plan_input() const {
    PlanInput input;
    input.speaker_rank = speakers_.ranked;
    if (const BridgedSession* presenter = find(presenter_)) {
        input.content = mixer::Candidate{
            .source = content_source_, .name = presenter->state().display_name, .roles = {}};
    }
    for (const auto& session : sessions_) {
        const SessionState& state = session->state();
        const bool speaking =
            !state.audio_muted && std::ranges::find(speakers_.speaking_now, session->source()) !=
                                      speakers_.speaking_now.end();
        // Who only watches is in no tile, and makes none smaller.
        if (std::ranges::find(state.roles, "viewer") == state.roles.end()) {
            input.candidates.push_back({.source = session->source(),
                                        .name = state.display_name,
                                        .roles = state.roles,
                                        .has_video = session->shows_video(),
                                        .muted = state.audio_muted,
                                        .speaking = speaking});
        }
        const auto needs = session->needs(state_.max_size);
        if (!needs) continue;
        PlannedViewer viewer;
        viewer.viewer = session->viewer();
        viewer.who = "conference=" + instance_ + " session=" + state.id;
        viewer.source = session->source();
        viewer.layout = !state.layout.empty()           ? state.layout
                        : state_.default_layout.empty() ? "auto"
                                                        : state_.default_layout;
        viewer.self_view = state.self_view == mixer::SelfView::ByLayout ? state_.default_self_view
                                                                        : state.self_view;
        viewer.pinned = sources_of(state.pinned.empty() ? state_.pinned : state.pinned);
        viewer.needs = *needs;
        viewer.budget = session->budget();
        viewer.sink = &session->picture_sink();
        input.viewers.push_back(std::move(viewer));
    }
    return input;
}

void Bridge::replan(Timestamp now) {
    follow_content();
    publish(planner_.plan(now, plan_input()));
    const auto& shown = planner_.shown_sources();
    for (const auto& session : sessions_) {
        session->set_subscription(planner_.subscription_of(session->viewer()));
        session->set_shown(session->shows_video() &&
                           std::ranges::binary_search(shown, session->source()));
        session->set_tiles(planner_.tiles_shown(session->source()));
        session->follow_size(planner_.lines_shown(session->source()), now);
    }
}

void Bridge::publish(VideoPlan plan) {
    for (const auto& session : sessions_)
        plan.sources.push_back({session->source(), &session->video_playout()});
    std::ranges::sort(plan.sources, {}, &VideoPlan::Shown::source);
    canvas_slots_.assign(plan.drawings);
    planned_canvases_ = stage_.canvases_revision();
    published_revision_ = video_.publish(std::move(plan));
}

void Bridge::poll(Timestamp now) {
    if (audio_.take_speaker_change(speakers_)) {
        std::vector<std::string> ranked;
        for (const SourceId source : speakers_.ranked) {
            if (std::string id = session_of(source); !id.empty()) ranked.push_back(std::move(id));
        }
        observer_.on_speakers(instance_, ranked);
        replan(now);
    } else if (planned_canvases_ != stage_.canvases_revision()) {
        replan(now);
    }
    const std::uint64_t adopted = video_.adopted_revision();
    std::erase_if(departed_, [&](const Departed& d) {
        if (d.unused_from_revision > adopted) return false;
        d.session->add_cpu(gone_cpu_);
        return true;
    });
}

void Bridge::shed(const mixer::Shedding& shedding, Timestamp now) {
    stage_.set_shedding(shedding);
    replan(now);
}

void Bridge::check(Timestamp now) {
    stage_.tidy();
    for (const auto& session : sessions_) {
        session->count();
        session->follow_loss(now);
        session->follow_wishes(state_.max_size);
    }
    replan(now);
    for (const auto& session : sessions_) {
        if (const auto event = session->check_picture(now)) {
            observer_.on_media(instance_, session->state().id, session->video_mid(), *event);
        }
    }
    if (now - drops_told_ < kDropsInterval) return;
    drops_told_ = now;
    for (const auto& session : sessions_) session->tell_drops();
}

void Bridge::end_all(const std::string& reason) {
    for (const auto& session : sessions_)
        observer_.on_session_ended(instance_, session->state().id, reason);
    ConferenceState empty = state_;
    empty.sessions.clear();
    apply(empty);
}

ConferenceStatistics Bridge::statistics(Counted when) const {
    ConferenceStatistics result;
    const mixer::EncoderStageCounters counters = stage_.counters();
    result.views = counters.views;
    result.encoders = counters.encoders_running;
    result.splice_contexts = counters.splice_contexts;
    result.encoders_opened = counters.encoders_opened;
    result.key_pictures = counters.key_pictures;
    result.splice_pictures = counters.splice_pictures;
    result.refreshes = counters.refreshes;
    result.pictures_encoded = counters.pictures_encoded;
    result.pictures_skipped = counters.pictures_skipped;
    result.sounds_encoded = audio_.encoders().counters().encodes;
    result.late_ticks = services_.video_tick.skipped_ticks();
    result.drawn_after = video_.done_after();
    result.cpu = cpu();
    for (const auto codec : {common::VideoCodec::H264, common::VideoCodec::Vp8})
        result.encoders_by_codec[codec_name(codec)] = stage_.encoders_by_rung(codec);
    const SpeakerSnapshot speakers = audio_.speakers();
    for (const auto& session : sessions_) {
        SessionStatistics statistics = session->statistics(when);
        statistics.video_failure = planner_.failure_of(session->viewer());
        const SourceId source = session->source();
        statistics.speaking =
            std::ranges::find(speakers.speaking_now, source) != speakers.speaking_now.end();
        const auto level = std::ranges::find(speakers.levels, source, &mixer::VoiceLevel::source);
        if (level != speakers.levels.end())
            statistics.audio_level_dbfs = static_cast<double>(level->level_dbfs);
        result.sessions.push_back(std::move(statistics));
    }
    return result;
}

StageCpu Bridge::cpu() const {
    StageCpu cpu = gone_cpu_;
    for (const Departed& departed : departed_) departed.session->add_cpu(cpu);
    for (const auto& session : sessions_) session->add_cpu(cpu);
    cpu.compose = video_.cpu();
    cpu.encode = stage_.counters().encode_time;
    cpu.audio = audio_.cpu();
    return cpu;
}

common::Result<void> Bridge::snapshot(const std::string& session,
                                      std::function<void(mixer::FrameRef)> done) {
    const BridgedSession* viewer = find(session);
    if (!session.empty() && viewer == nullptr) {
        return common::fail(common::ErrorCode::NotFound,
                            "session '" + session + "' does not exist");
    }
    auto scene = scene_of(session);
    ControlPoster& control = services_.control;
    const bool queued =
        video_.request_picture(std::move(scene), [&control, done](mixer::FrameRef picture) {
            // Whoever waits is answered in any case; on the tick itself nothing is done with it.
            if (!control.post([done, picture] { done(picture); })) done({});
        });
    if (!queued)
        return common::fail(common::ErrorCode::LimitReached,
                            "other snapshots of this room are waiting");
    return {};
}

std::shared_ptr<const mixer::Scene> Bridge::scene_of(const std::string& session) {
    const BridgedSession* viewer = find(session);
    const std::string layout = state_.default_layout.empty() ? "auto" : state_.default_layout;
    return planner_.scene_for(viewer == nullptr ? mixer::ViewerId{} : viewer->viewer(),
                              plan_input(), layout, state_.max_size);
}

BridgedSession* Bridge::find(const std::string& session) const {
    const auto found =
        std::ranges::find_if(sessions_, [&](const auto& s) { return s->state().id == session; });
    return found == sessions_.end() ? nullptr : found->get();
}

std::string Bridge::session_of(SourceId source) const {
    const auto found =
        std::ranges::find_if(sessions_, [&](const auto& s) { return s->source() == source; });
    return found == sessions_.end() ? std::string() : (*found)->state().id;
}

void Bridge::post(std::function<void(Bridge&)> task) {
    services_.control.post([handle = handle_, task = std::move(task)] {
        if (handle->bridge != nullptr) task(*handle->bridge);
    });
}

void Bridge::post_dtmf(const std::string& session, char digit, Duration duration) {
    post([=](Bridge& self) { self.observer_.on_dtmf(self.instance_, session, digit, duration); });
}

void Bridge::post_media(const std::string& session, const std::string& mid, bool started) {
    post([=](Bridge& self) {
        self.observer_.on_media(self.instance_, session, mid,
                                started ? MediaEvent::Started : MediaEvent::Stopped);
    });
}

void Bridge::post_key_frame_wanted(const std::string& session, const std::string& mid) {
    post([=](Bridge& self) { self.observer_.on_key_frame_wanted(self.instance_, session, mid); });
}

void Bridge::post_bitrate_limited(const std::string& session, const std::string& mid,
                                  common::Bitrate limit) {
    post([=](Bridge& self) {
        BridgedSession* limited = self.find(session);
        if (limited == nullptr || limited->video_mid() != mid) return;
        LOG_DEBUG("limited conference={} session={} to {} bit/s by the peer", self.instance_,
                  session, limit.bps());
        limited->limit_bitrate(limit);
        self.replan(self.services_.clock.now());
    });
}

void Bridge::post_path_rate(const std::string& session, common::Bitrate all) {
    post([=](Bridge& self) {
        BridgedSession* limited = self.find(session);
        if (limited == nullptr) return;
        limited->limit_path(all);
        self.replan(self.services_.clock.now());
    });
}

}  // namespace mcu

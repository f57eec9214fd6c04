#include "signaling/conference/room_directory.h"

#include <algorithm>
#include <utility>

#include "common/invariant.h"
#include "common/log.h"
#include "signaling/conference/unknown_layouts.h"

namespace signaling {
namespace {

constexpr int kRetryWhenAwayS = 2;
constexpr int kRetryWhenFullS = 30;

}  // namespace

RoomDirectory::RoomDirectory(MediaNode& node, const common::Clock& clock, IdMaker& ids,
                             Settings settings)
    : node_(node), clock_(clock), ids_(ids), settings_(std::move(settings)) {}

std::optional<Refusal> RoomDirectory::obstacle() const {
    if (shutting_down_)
        return Refusal{RefusalReason::Overloaded, "the server is shutting down", kRetryWhenFullS};
    if (!ready())
        return Refusal{RefusalReason::MediaAway, "the media daemon is away", kRetryWhenAwayS};
    const std::uint32_t most = node_.info()->max_sessions;
    if (most != 0 && participant_count() >= most) {
        return Refusal{
            RefusalReason::Overloaded,
            "the media daemon is full: it takes " + std::to_string(most) + " participants",
            kRetryWhenFullS};
    }
    const NodeLoad& load = node_.info()->load;
    if (!load.refusal.empty()) {
        return Refusal{RefusalReason::Overloaded, load.refusal,
                       static_cast<int>(load.retry_after_s)};
    }
    return std::nullopt;
}

void RoomDirectory::admit(const CallRequest& request, Call& call, OnAdmitted done) {
    const auto policy = room(request.room);
    if (!policy) {
        return done(tl::unexpected(
            Refusal{RefusalReason::UnknownRoom, "no room '" + request.room + "' here", 0}));
    }
    if (is_guarded(*policy) && !request.cleared && !request.authenticated) {
        return done(tl::unexpected(Refusal{
            RefusalReason::Forbidden,
            "room '" + request.room + "' wants a join token or a PIN, or a caller known by digest",
            0}));
    }
    if (auto refusal = obstacle()) return done(tl::unexpected(*std::move(refusal)));
    if (!request.layout.empty()) return admit_with_layout(request, call, std::move(done));
    admit_now(request, *policy, call, std::move(done));
}

// A layout that does not exist is no reason to leave somebody outside: the room's own is shown.
void RoomDirectory::admit_with_layout(CallRequest request, Call& call, OnAdmitted done) {
    node_.list_layouts([this, request = std::move(request), &call,
                        done = std::move(done)](const common::Result<LayoutList>& list) mutable {
        const std::string wanted = std::exchange(request.layout, std::string());
        const bool known = wanted == "auto" ||
                           (list && std::ranges::find(list->names, wanted) != list->names.end());
        if (!known) {
            LOG_WARNING("layout dialled by {} is ignored: there is no layout of that name",
                        request.remote_uri);
            return admit(request, call, std::move(done));
        }
        const auto policy = room(request.room);
        auto refusal = obstacle();
        if (!policy || refusal) {
            return admit(request, call, std::move(done));  // says why not
        }
        request.layout = wanted;
        admit_now(request, *policy, call, std::move(done));
    });
}

void RoomDirectory::admit_now(const CallRequest& request, const RoomSettings& policy, Call& call,
                              OnAdmitted done) {
    sweep();
    std::unique_ptr<Conference>& conference = conferences_[request.room];
    if (conference == nullptr) {
        conference = std::make_unique<Conference>(node_, clock_, policy, Ownership{ids_.next(), 1},
                                                  observer_);
    }
    conference->admit(ids_.next(), request, call, std::move(done));
    // A first caller who is refused at once leaves nothing behind: anybody may dial any name.
    const auto made = conferences_.find(request.room);
    if (made != conferences_.end() && made->second->unused()) conferences_.erase(made);
}

void RoomDirectory::resume(const Resumption& former, Call& call, OnResumed done) {
    resumed_.push_back({former, &call, std::move(done)});
    match_resumed();
}

// Those whose conference is known get it; when all conferences are known, the others go.
void RoomDirectory::match_resumed() {
    const bool all_known = ready_ && std::ranges::none_of(conferences_, [](const auto& entry) {
                               return entry.second->adopting();
                           });
    for (Resumed& waiting : std::exchange(resumed_, {})) {
        const bool found = std::ranges::any_of(conferences_, [&](const auto& entry) {
            return entry.second->resume(waiting.former, *waiting.call);
        });
        if (found || all_known) {
            waiting.done(found);
        } else {
            resumed_.push_back(std::move(waiting));
        }
    }
}

void RoomDirectory::update(const ParticipantId& id, const std::optional<MediaOffer>& offer,
                           OnMedia done) {
    conference_of(id).update(id, offer, std::move(done));
}

void RoomDirectory::answered(const ParticipantId& id, const MediaOffer& answer, OnMedia done) {
    conference_of(id).answered(id, answer, std::move(done));
}

void RoomDirectory::dtmf(const ParticipantId& id, char digit, common::Duration duration) {
    Conference& conference = conference_of(id);
    conference.handle({conference.instance(), id, DigitReceived{digit, duration}});
}

void RoomDirectory::picture_fast_update(const ParticipantId& id, const std::string& mid) {
    conference_of(id).picture_fast_update(id, mid);
}

void RoomDirectory::left(const ParticipantId& id, const Ending& ending) {
    conference_of(id).left(id, ending);
    sweep();
}

void RoomDirectory::node_up(const NodeInfo& info) {
    const bool restarted = info.incarnation != incarnation_;
    incarnation_ = info.incarnation;
    LOG_INFO("media daemon is there incarnation={} version={} restarted={}", info.incarnation,
             info.version, restarted);
    if (restarted) ending_.clear();  // what they were to end is gone
    for (auto& conference : ending_) conference->node_up(restarted);
    for (auto& [room_id, conference] : conferences_) conference->node_up(restarted);
    learn_running();
    check_layouts();
}

void RoomDirectory::node_down(const std::string& why) {
    LOG_WARNING("media daemon is away: {}", why);
    ready_ = false;
    for (auto& conference : ending_) conference->node_down(why);
    for (auto& [room_id, conference] : conferences_) conference->node_down(why);
}

void RoomDirectory::node_event(const NodeEvent& event) {
    for (auto& [room_id, conference] : conferences_) {
        if (conference->instance() == event.instance) return conference->handle(event);
    }
    for (auto& conference : ending_) {
        if (conference->instance() == event.instance) return conference->handle(event);
    }
}

void RoomDirectory::learn_running() {
    if (learning_ || node_.info() == nullptr) return;
    learning_ = true;
    node_.list_conferences([this](const common::Result<std::vector<RunningConference>>& running) {
        learning_ = false;
        if (!running) {
            LOG_WARNING("running conferences not known: {}", running.error().message);
            return;
        }
        for (const RunningConference& conference : *running) adopt(conference);
        if (observer_ != nullptr && !std::exchange(told_running_, true)) {
            std::vector<std::string> instances;
            for (const RunningConference& conference : *running)
                instances.push_back(conference.instance);
            observer_->running(instances);
        }
        ready_ = true;
        match_resumed();
    });
}

// Which layouts there are is the media daemon's to say.
void RoomDirectory::check_layouts() {
    if (node_.info() == nullptr) return;  // once it is there
    node_.list_layouts([this](const common::Result<LayoutList>& known) {
        if (!known) return;  // went away again: it comes back
        for (const std::string& problem : unknown_layouts(settings_, known->names))
            LOG_WARNING("{}", problem);
    });
}

void RoomDirectory::adopt(const RunningConference& running) {
    const auto is_it = [&](const auto& conference) {
        return conference->instance() == running.instance;
    };
    const bool known =
        std::ranges::any_of(ending_, is_it) ||
        std::ranges::any_of(conferences_, [&](const auto& entry) { return is_it(entry.second); });
    if (known) return;
    RoomSettings policy = settings_.room_template;
    policy.id = policy.name = running.room;
    if (const auto described = room(running.room)) policy = *described;
    auto conference = std::make_unique<Conference>(
        node_, clock_, policy, Ownership{running.instance, running.epoch + 1}, observer_);
    conference->adopt([this] { match_resumed(); });
    if (!conferences_.contains(running.room)) {
        conferences_[running.room] = std::move(conference);
        return;
    }
    // Left over from an end that was not told. Those in it stay among themselves; without an owner
    // nobody would ever end them.
    LOG_WARNING("second conference={} in room={}: nobody else is let into it", running.instance,
                running.room);
    ending_.push_back(std::move(conference));
}

void RoomDirectory::tick() {
    const Conference::Patience patience{settings_.media_timeout, settings_.hold_timeout};
    for (auto& conference : ending_) conference->tick(patience);
    for (auto& [room_id, conference] : conferences_) conference->tick(patience);
    sweep();
    std::erase_if(ending_, [](const auto& conference) {
        if (conference->empty()) conference->note_end();
        return conference->over();
    });
    if (!ready_) learn_running();
    if (!resumed_.empty()) match_resumed();
}

// Conferences that everybody left make room for the next one; they stay until the media daemon was
// told.
void RoomDirectory::sweep() {
    for (auto it = conferences_.begin(); it != conferences_.end();) {
        if (!it->second->empty()) {
            ++it;
            continue;
        }
        LOG_INFO("ended conference={} room={}", it->second->instance(), it->first);
        it->second->note_end();
        ending_.push_back(std::move(it->second));
        it = conferences_.erase(it);
    }
}

void RoomDirectory::reload(const Settings& settings) {
    settings_ = settings;
    for (auto& [room_id, conference] : conferences_) {
        if (const auto policy = find_room(settings_, room_id)) conference->take_policy(*policy);
    }
    check_layouts();
}

void RoomDirectory::shut_down() {
    shutting_down_ = true;
    const Ending ending{Ending::Cause::Shutdown, "the server is shutting down"};
    for (auto& [room_id, conference] : conferences_) conference->end_all(ending);
    for (auto& conference : ending_) conference->end_all(ending);
}

bool RoomDirectory::idle() const {
    if (participant_count() > 0) return false;
    return node_.info() == nullptr ||
           std::ranges::all_of(ending_, [](const auto& conference) { return conference->over(); });
}

std::vector<RoomSettings> RoomDirectory::rooms() const {
    std::map<std::string, RoomSettings> all;
    for (const RoomSettings& described : settings_.rooms) all[described.id] = described;
    for (const auto& [room_id, conference] : conferences_) all[room_id] = conference->policy();
    std::vector<RoomSettings> sorted;
    for (auto& [room_id, settings] : all) sorted.push_back(std::move(settings));
    return sorted;
}

std::optional<RoomSettings> RoomDirectory::room(const std::string& id) const {
    if (const Conference* running = conference(id)) return running->policy();
    return find_room(settings_, id);
}

Conference* RoomDirectory::conference(const std::string& room_id) const {
    const auto found = conferences_.find(room_id);
    return found == conferences_.end() || found->second->empty() ? nullptr : found->second.get();
}

std::size_t RoomDirectory::participant_count() const {
    std::size_t count = 0;
    for (const auto& [room_id, conference] : conferences_)
        count += conference->participants().size();
    for (const auto& conference : ending_) count += conference->participants().size();
    return count;
}

void RoomDirectory::for_each_participant(
    const std::function<void(const Participant&)>& look) const {
    for (const auto& [room_id, conference] : conferences_) {
        for (const auto& [id, participant] : conference->participants()) look(participant);
    }
    for (const auto& conference : ending_) {
        for (const auto& [id, participant] : conference->participants()) look(participant);
    }
}

Conference& RoomDirectory::conference_of(const ParticipantId& id) const {
    const auto found = std::ranges::find_if(conferences_, [&id](const auto& entry) {
        return entry.second->participants().contains(id);
    });
    INVARIANT(found != conferences_.end());
    return *found->second;
}

}  // namespace signaling

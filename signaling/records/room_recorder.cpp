#include "signaling/records/room_recorder.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "signaling/conference/conference.h"
#include "signaling/records/call_detail.h"

namespace signaling {
namespace {

using nlohmann::json;

std::string_view word_of(SelfView view) {
    switch (view) {
        case SelfView::Show:
            return "show";
        case SelfView::Hide:
            return "hide";
        case SelfView::ByLayout:
            break;
    }
    return "layout";
}

// Names come from peers: what is not UTF-8 is replaced, never thrown about.
std::string text_of(const json& detail) {
    return detail.dump(-1, ' ', false, json::error_handler_t::replace);
}

json detail_of(const Participant& participant) {
    const SessionSpec& session = participant.session;
    return {{"name", session.display_name},      {"roles", session.roles},
            {"layout", session.layout},          {"self_view", word_of(session.self_view)},
            {"pinned", session.pinned},          {"audio_muted", session.audio_muted},
            {"video_muted", session.video_muted}};
}

json detail_of(const Conference& conference) {
    return {{"layout", conference.policy().layout},
            {"self_view", word_of(conference.policy().self_view)},
            {"pinned", conference.pinned()}};
}

std::pair<const char*, json> told(const LayoutChosen& what) {
    return {"layout", {{"layout", what.layout}}};
}
std::pair<const char*, json> told(const SelfViewChosen& what) {
    return {"self_view", {{"self_view", word_of(what.view)}}};
}
std::pair<const char*, json> told(const PinsChosen& what) {
    return {"pinned", {{"pinned", what.pinned}}};
}
std::pair<const char*, json> told(const RolesGiven& what) {
    return {"roles", {{"roles", what.roles}}};
}
std::pair<const char*, json> told(const Kicked& what) {
    return {"kicked", {{"reason", what.reason}}};
}
std::pair<const char*, json> told(const Muted& what) {
    json detail = json::object();
    if (what.audio) detail["audio"] = *what.audio;
    if (what.video) detail["video"] = *what.video;
    return {"muted", detail};
}

// Whoever ends its own call; all else is the server's doing.
Actor actor_of(const Ending& ending, const ParticipantId& id) {
    const bool by_itself =
        ending.cause == Ending::Cause::PeerHungUp || ending.cause == Ending::Cause::PeerGaveUp;
    return by_itself ? participant_actor(id) : kSystemActor;
}

// When it joined stands in its id, for a former daemon's calls too.
storage::CallRecord record_of(const Conference& conference, const Participant& participant) {
    storage::CallRecord call =
        call_detail(participant, conference.policy().id, conference.instance());
    call.joined_ms = time_of_id(call.id);
    return call;
}

}  // namespace

RoomRecorder::RoomRecorder(storage::RecordSink& sink, IdMaker& ids,
                           std::function<std::uint64_t()> unix_ms)
    : sink_(sink), ids_(ids), unix_ms_(std::move(unix_ms)) {}

void RoomRecorder::event(const Conference& conference, What what) {
    storage::EventRecord event;
    event.id = ids_.next();
    event.room = conference.policy().id;
    event.meeting = conference.instance();
    event.at_ms = now_ms();
    event.kind = what.kind;
    event.actor = std::move(what.actor);
    event.participant = std::move(what.participant);
    event.detail = std::move(what.detail);
    sink_.write(std::move(event));
}

void RoomRecorder::began(const Conference& conference) {
    const std::string& meeting = conference.instance();
    sink_.write(storage::MeetingRecord{meeting, conference.policy().id, time_of_id(meeting)});
    event(conference, {"began", "", kSystemActor, text_of(detail_of(conference))});
}

void RoomRecorder::joined(const Conference& conference, const Participant& participant) {
    sink_.write(record_of(conference, participant));
    const ParticipantId& id = participant.session.id;
    json detail = detail_of(participant);
    detail["uri"] = participant.request.remote_uri;
    detail["protocol"] = participant.request.protocol;
    event(conference, {"joined", id, participant_actor(id), text_of(detail)});
}

void RoomRecorder::left(const Conference& conference, const Participant& participant,
                        const Ending& ending) {
    storage::CallRecord call = record_of(conference, participant);
    call.left_ms = now_ms();
    call.cause = cause_word(ending.cause);
    call.ending = ending.text;
    sink_.write(std::move(call));
    const ParticipantId& id = participant.session.id;
    const json detail = {{"cause", cause_word(ending.cause)}, {"text", ending.text}};
    event(conference, {"left", id, actor_of(ending, id), text_of(detail)});
}

void RoomRecorder::changed(const Conference& conference, const ParticipantId& whom,
                           const RoomChange& change, const Actor& actor) {
    const auto [kind, detail] = std::visit([](const auto& what) { return told(what); }, change);
    event(conference, {kind, whom, actor, text_of(detail)});
}

void RoomRecorder::adopted(const Conference& conference) {
    json detail = detail_of(conference);
    detail["people"] = json::array();
    for (const auto& [id, participant] : conference.participants()) {
        json person = detail_of(participant);
        person["id"] = id;
        detail["people"].push_back(std::move(person));
    }
    event(conference, {"adopted", "", kSystemActor, text_of(detail)});
}

void RoomRecorder::ended(const Conference& conference) {
    const std::string& meeting = conference.instance();
    sink_.write(
        storage::MeetingRecord{meeting, conference.policy().id, time_of_id(meeting), now_ms()});
    event(conference, {"ended", "", kSystemActor, "{}"});
}

void RoomRecorder::running(const std::vector<std::string>& instances) {
    sink_.write(storage::MeetingsRunning{instances, now_ms()});
}

}  // namespace signaling

#include "storage/events/room_state.h"

#include <nlohmann/json.hpp>

namespace storage {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

RoomState::Person person_of(const json& told) {
    RoomState::Person person;
    person.name = told.at("name").get<std::string>();
    person.roles = told.at("roles").get<Names>();
    person.layout = told.at("layout").get<std::string>();
    person.self_view = told.at("self_view").get<std::string>();
    person.pinned = told.at("pinned").get<Names>();
    person.audio_muted = told.at("audio_muted").get<bool>();
    person.video_muted = told.at("video_muted").get<bool>();
    return person;
}

void take_room(RoomState& state, const json& told) {
    state.layout = told.at("layout").get<std::string>();
    state.self_view = told.at("self_view").get<std::string>();
    state.pinned = told.at("pinned").get<Names>();
}

void take_adopted(RoomState& state, const EventRecord& event, const json& told) {
    state = {};
    state.meeting = event.meeting;
    take_room(state, told);
    for (const json& each : told.at("people")) {
        state.people[each.at("id").get<std::string>()] = person_of(each);
    }
}

void take_left(RoomState& state, const std::string& who) {
    state.people.erase(who);
    std::erase(state.pinned, who);
    for (auto& [id, person] : state.people) std::erase(person.pinned, who);
}

void take_muted(RoomState& state, const std::string& whom, const json& told) {
    for (auto& [id, person] : state.people) {
        if (!whom.empty() && id != whom) continue;
        person.audio_muted = told.value("audio", person.audio_muted);
        person.video_muted = told.value("video", person.video_muted);
    }
}

// A choice of one person, or of the room.
template <typename T>
void choose(RoomState& state, const std::string& whom, T RoomState::*of_room,
            T RoomState::Person::*of_person, const json& told) {
    const T chosen = told.get<T>();
    if (whom.empty()) {
        state.*of_room = chosen;
    } else if (const auto found = state.people.find(whom); found != state.people.end()) {
        found->second.*of_person = chosen;
    }
}

void take(RoomState& state, const EventRecord& event, const json& told) {
    using State = RoomState;
    const std::string& whom = event.participant;
    if (event.kind == "began") {
        state = {};
        state.meeting = event.meeting;
        take_room(state, told);
    } else if (event.kind == "adopted") {
        take_adopted(state, event, told);
    } else if (event.kind == "joined") {
        state.people[whom] = person_of(told);
    } else if (event.kind == "left") {
        take_left(state, whom);
    } else if (event.kind == "muted") {
        take_muted(state, whom, told);
    } else if (event.kind == "layout") {
        choose(state, whom, &State::layout, &State::Person::layout, told.at("layout"));
    } else if (event.kind == "self_view") {
        choose(state, whom, &State::self_view, &State::Person::self_view, told.at("self_view"));
    } else if (event.kind == "pinned") {
        choose(state, whom, &State::pinned, &State::Person::pinned, told.at("pinned"));
    } else if (event.kind == "roles") {
        const auto found = state.people.find(whom);
        if (found != state.people.end()) found->second.roles = told.at("roles").get<Names>();
    } else if (event.kind == "ended") {
        state = {};
    }
}

}  // namespace

common::Result<void> replay(RoomState& state, const EventRecord& event) {
    const auto wrong = [&event](const std::string& why) {
        return common::fail(common::ErrorCode::InvalidArgument,
                            "event " + std::to_string(event.seq) + " ('" + event.kind +
                                "') cannot be replayed: " + why);
    };
    const json told = json::parse(event.detail, nullptr, false);
    if (!told.is_object()) return wrong("its detail is not a JSON object");
    try {
        RoomState after = state;
        take(after, event, told);
        state = std::move(after);
    } catch (const json::exception& unexpected) {
        return wrong(unexpected.what());
    }
    return {};
}

}  // namespace storage

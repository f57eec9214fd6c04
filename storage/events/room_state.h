#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/result.h"
#include "storage/metadata/records.h"

namespace storage {

/// A room as its events tell it: what replaying the log gives.
struct RoomState {
    struct Person {
        std::string name;
        std::vector<std::string> roles;
        std::string layout;  ///< empty: the room's
        std::string self_view;
        std::vector<std::string> pinned;
        bool audio_muted = false;
        bool video_muted = false;
        friend bool operator==(const Person&, const Person&) = default;
    };
    std::string meeting;  ///< empty: nobody is there
    std::string layout;
    std::string self_view;
    std::vector<std::string> pinned;
    std::map<std::string, Person> people;  ///< by id
    friend bool operator==(const RoomState&, const RoomState&) = default;
};

/// Takes the next event of the room's log. A kind that is not known changes nothing: a newer server
/// may have written it. Fails with InvalidArgument, naming the event, when its detail is not what
/// docs/events.md says; the state is then as before.
[[nodiscard]] common::Result<void> replay(RoomState& state, const EventRecord& event);

}  // namespace storage

#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "signaling/conference/call_door.h"
#include "signaling/config/settings.h"

namespace signaling {

class Conference;
struct Participant;

/// Who made a change: "participant:ID", or one of those below.
using Actor = std::string;
inline const Actor kApiActor = "api";                      ///< who has the API's token
inline const Actor kSystemActor = "system";                ///< the server itself
inline const Actor kConfigurationActor = "configuration";  ///< the file, read anew
[[nodiscard]] inline Actor participant_actor(const ParticipantId& id) {
    return "participant:" + id;
}

struct LayoutChosen {
    std::string layout;
};
struct SelfViewChosen {
    SelfView view = SelfView::ByLayout;
};
struct PinsChosen {
    std::vector<ParticipantId> pinned;
};
struct RolesGiven {
    std::vector<std::string> roles;
};
struct Muted {
    std::optional<bool> audio;
    std::optional<bool> video;
};
/// Is sent away; `left` follows.
struct Kicked {
    std::string reason;
};
using RoomChange =
    std::variant<LayoutChosen, SelfViewChosen, PinsChosen, RolesGiven, Muted, Kicked>;

/// Is told what happens in rooms, in order, as soon as it holds for the conference.
///
/// Thread: signald's loop, which it must not keep waiting. What it is given is gone when it
/// returns, and it commands nobody from within.
class RoomObserver {
  public:
    virtual ~RoomObserver() = default;
    /// Before the first one is told to have joined.
    virtual void began(const Conference& conference) = 0;
    virtual void joined(const Conference& conference, const Participant& participant) = 0;
    /// Once for each who joined or was adopted; it is still in the conference.
    virtual void left(const Conference& conference, const Participant& participant,
                      const Ending& ending) = 0;
    /// An empty `whom`: the room.
    virtual void changed(const Conference& conference, const ParticipantId& whom,
                         const RoomChange& change, const Actor& actor) = 0;
    /// A conference of a former signalling daemon goes on, with all who are in it.
    virtual void adopted(const Conference& conference) = 0;
    /// The last one left.
    virtual void ended(const Conference& conference) = 0;
    /// All that runs; once, before anybody is let in. Others that a former signalling daemon knew
    /// are over.
    virtual void running(const std::vector<std::string>& instances) = 0;
};

}  // namespace signaling

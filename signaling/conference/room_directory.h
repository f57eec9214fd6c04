#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "signaling/conference/call_door.h"
#include "signaling/conference/conference.h"
#include "signaling/conference/id_maker.h"
#include "signaling/conference/media_node.h"
#include "signaling/config/settings.h"

namespace signaling {

/// Which rooms there are, and which conference runs in each: leads every caller, command and event
/// to its conference, makes conferences for first callers, and goes on with those that a former
/// signalling daemon left running.
///
/// Thread: signald's loop.
/// Owner:  borrows node, clock and ids; owns the conferences.
class RoomDirectory final : public Admission, public MediaNodeObserver {
  public:
    RoomDirectory(MediaNode& node, const common::Clock& clock, IdMaker& ids, Settings settings);

    /// Is told from now on what happens in rooms; lives as long as this.
    void observe(RoomObserver& observer) { observer_ = &observer; }

    void admit(const CallRequest& request, Call& call, OnAdmitted done) override;
    void resume(const Resumption& former, Call& call, OnResumed done) override;
    void update(const ParticipantId& id, const std::optional<MediaOffer>& offer,
                OnMedia done) override;
    void answered(const ParticipantId& id, const MediaOffer& answer, OnMedia done) override;
    void dtmf(const ParticipantId& id, char digit, common::Duration duration) override;
    void picture_fast_update(const ParticipantId& id, const std::string& mid) override;
    void left(const ParticipantId& id, const Ending& ending) override;

    void node_up(const NodeInfo& info) override;
    void node_down(const std::string& why) override;
    void node_event(const NodeEvent& event) override;

    /// Once a second.
    void tick();
    /// Rooms, template, auto_create and media timeout count from now on.
    void reload(const Settings& settings);
    /// Refuses whoever comes from now on, and ends all calls.
    void shut_down();

    /// Rooms that are described and rooms in which somebody is, by id.
    [[nodiscard]] std::vector<RoomSettings> rooms() const;
    /// The room as described, made from the template, or running; nothing when there is no such
    /// room.
    [[nodiscard]] std::optional<RoomSettings> room(const std::string& id) const;
    /// The conference in the room; null when nobody is in it.
    [[nodiscard]] Conference* conference(const std::string& room_id) const;
    /// Rooms in which somebody is.
    [[nodiscard]] std::size_t conference_count() const { return conferences_.size(); }
    /// Everybody in all rooms, also those who are about to leave.
    void for_each_participant(const std::function<void(const Participant&)>& look) const;
    /// Why nobody can be let in at all; nothing when they can.
    [[nodiscard]] std::optional<Refusal> obstacle() const;
    /// The media daemon is there, and what ran in it is known.
    [[nodiscard]] bool ready() const {
        return ready_ && node_.info() != nullptr && !shutting_down_;
    }
    /// Nobody is in any room, and the media daemon knows it.
    [[nodiscard]] bool idle() const;
    /// Everybody in all rooms, also those who are about to leave.
    [[nodiscard]] std::size_t participant_count() const;

  private:
    [[nodiscard]] Conference& conference_of(const ParticipantId& id) const;
    void admit_now(const CallRequest& request, const RoomSettings& policy, Call& call,
                   OnAdmitted done);
    void admit_with_layout(CallRequest request, Call& call, OnAdmitted done);
    void learn_running();
    void check_layouts();
    void adopt(const RunningConference& running);
    void sweep();
    void match_resumed();

    MediaNode& node_;
    const common::Clock& clock_;
    IdMaker& ids_;
    RoomObserver* observer_ = nullptr;
    Settings settings_;
    std::map<std::string, std::unique_ptr<Conference>> conferences_;  // by room id
    // Nobody is let into these: all have left, or another conference has the room. Until the media
    // daemon was told of the end.
    std::vector<std::unique_ptr<Conference>> ending_;
    struct Resumed {
        Resumption former;
        Call* call;
        OnResumed done;
    };
    std::vector<Resumed> resumed_;  // until it is known who runs
    std::string incarnation_;
    bool ready_ = false;
    bool learning_ = false;
    bool told_running_ = false;
    bool shutting_down_ = false;
};

}  // namespace signaling

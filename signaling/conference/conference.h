#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/result.h"
#include "signaling/conference/call_door.h"
#include "signaling/conference/media_node.h"
#include "signaling/conference/negotiate.h"
#include "signaling/conference/participant.h"
#include "signaling/conference/room_observer.h"
#include "signaling/conference/state_sync.h"
#include "signaling/config/settings.h"

namespace signaling {

/// One meeting: who is in it and what each one gets. Turns policy into the desired state that
/// StateSync brings into force, and tells the doors what came of it. Begins with its first
/// participant, is over when the last one left.
///
/// Thread: signald's loop.
/// Owner:  borrows node, clock, observer (may be null) and every Call; a Call lives until `left`.
/// Errors: commands of people fail with NotFound; their `done` comes when the media daemon has
/// taken the change.
class Conference final : private StateOwner {
  public:
    using Done = StateSync::Applied;

    Conference(MediaNode& node, const common::Clock& clock, RoomSettings policy,
               Ownership ownership, RoomObserver* observer = nullptr);

    // From the doors; as class Admission says.
    void admit(ParticipantId id, const CallRequest& request, Call& call,
               Admission::OnAdmitted done);
    void update(const ParticipantId& id, const std::optional<MediaOffer>& offer,
                Admission::OnMedia done);
    void answered(const ParticipantId& id, const MediaOffer& answer, Admission::OnMedia done);
    void picture_fast_update(const ParticipantId& id, const std::string& mid);
    void left(const ParticipantId& id, const Ending& ending);

    // From people: the API. An absent `id` means the room; `actor` is for the log of events.
    void set_layout(const std::optional<ParticipantId>& id, const std::string& layout, Done done,
                    const Actor& actor = kApiActor);
    void set_self_view(const std::optional<ParticipantId>& id, SelfView view, Done done,
                       const Actor& actor = kApiActor);
    /// Whom a viewer, or the room, sees first whoever speaks; in this order. Fails with NotFound
    /// for somebody who is not here.
    void pin(const std::optional<ParticipantId>& id, const std::vector<ParticipantId>& pinned,
             Done done, const Actor& actor = kApiActor);
    /// What layouts know a participant as: "host", ...
    void set_roles(const ParticipantId& id, const std::vector<std::string>& roles, Done done,
                   const Actor& actor = kApiActor);
    struct Muting {
        std::optional<bool> audio;
        std::optional<bool> video;
    };
    /// Everybody who is in the room now, or one of them.
    void mute(const std::optional<ParticipantId>& id, Muting muting, Done done,
              const Actor& actor = kApiActor);
    void kick(const std::optional<ParticipantId>& id, const std::string& reason, Done done,
              const Actor& actor = kApiActor);

    // From the media daemon.
    void handle(const NodeEvent& event);
    void node_up(bool restarted);
    void node_down(const std::string& why);
    /// Goes on with what runs there under another owner.
    /// `adopted` runs once it is known who is in it.
    void adopt(std::function<void()> adopted) {
        adopted_ = std::move(adopted);
        adopts_ = true;
        sync_.adopt();
    }

    /// It is not known yet who is in it.
    [[nodiscard]] bool adopting() const { return adopts_ && !began_; }
    /// The call of somebody who was adopted is there again. False: nobody like that is here.
    bool resume(const Resumption& former, Call& call);

    /// How long a call may give no sign of life, neither RTP nor RTCP.
    struct Patience {
        common::Duration media;  ///< while media is expected of it
        common::Duration hold;   ///< while it is on hold
    };
    /// Once a second: ends calls that are gone, tries again what failed.
    void tick(const Patience& patience);
    /// New values for those who come from now on, and for the room's layout and self-view where
    /// they changed.
    void take_policy(const RoomSettings& policy);
    void end_all(const Ending& ending);

    [[nodiscard]] const RoomSettings& policy() const { return policy_; }
    [[nodiscard]] const std::string& instance() const { return sync_.ownership().instance; }
    [[nodiscard]] const std::map<ParticipantId, Participant>& participants() const {
        return participants_;
    }
    /// Whom everybody sees first who pinned nobody.
    [[nodiscard]] const std::vector<ParticipantId>& pinned() const { return pinned_; }
    [[nodiscard]] const std::vector<std::string>& speakers() const { return speakers_; }
    [[nodiscard]] const ConferenceStatistics& statistics() const { return statistics_; }
    /// Nobody ever came in, nor is on the way in; and it runs nowhere.
    [[nodiscard]] bool unused() const { return !began_ && !adopts_; }
    /// Everybody left, and the media daemon was told or is another daemon's.
    [[nodiscard]] bool over() const;
    /// Nobody is in it, nor on the way in, and somebody was; or it is another daemon's.
    [[nodiscard]] bool empty() const { return began_ && participants_.empty(); }
    /// It is empty, and nobody is let into it any more: the observer is told, once.
    void note_end();

  private:
    [[nodiscard]] ConferenceSpec desired_state() const override;
    void state_applied(const AppliedState& applied) override;
    void state_adopted(const ClaimedState& running) override;
    void state_lost(const std::string& why) override;

    [[nodiscard]] Participant* find(const ParticipantId& id);
    [[nodiscard]] Capabilities capabilities(const CallRequest& request);
    [[nodiscard]] static std::string local_address_for(const CallRequest& request);
    void apply(Done done);
    void finish_admit(const ParticipantId& id, const common::Result<void>& result,
                      const Admission::OnAdmitted& done);
    void take_media(Participant& participant, const MediaAnswer& ours, const MediaOffer& peer,
                    Admission::OnMedia done);
    struct MediaBefore {
        std::vector<SessionMedia> session;
        MediaOffer peer;
    };
    void finish_media(const ParticipantId& id, MediaAnswer ours, MediaBefore before,
                      const common::Result<void>& result, const Admission::OnMedia& done);
    void end_deaf();
    void re_offer_where_told_otherwise();
    void re_offer(Participant& participant);
    /// As the peer is to hear it now.
    [[nodiscard]] MediaAnswer whole_side_of(const ParticipantId& id);
    void re_offered(const ParticipantId& id, std::uint64_t serial,
                    const tl::expected<MediaOffer, Refusal>& answer);
    void take_statistics(Participant& participant, const SessionStatistics& read);
    void dismiss(const ParticipantId& id, const Ending& ending);
    void drop_adopted(const std::string& why);
    template <typename Change>
    void change(const std::optional<ParticipantId>& id, const RoomChange& what, const Actor& actor,
                Done done, Change&& change_one);
    [[nodiscard]] tl::unexpected<common::Error> nobody_called(const ParticipantId& id) const;
    void tell_changed(const std::optional<ParticipantId>& id, const RoomChange& what,
                      const Actor& actor) const;
    void tell_joined(const Participant& participant);

    MediaNode& node_;
    const common::Clock& clock_;
    RoomObserver* observer_;
    RoomSettings configured_;  // as the file says
    RoomSettings policy_;      // with what people changed by hand
    Capabilities last_capabilities_;
    StateSync sync_;
    std::map<ParticipantId, Participant> participants_;  // ids sort by time of joining
    std::vector<ParticipantId> pinned_;
    std::vector<std::string> speakers_;
    ConferenceStatistics statistics_;
    std::function<void()> adopted_;
    bool began_ = false;
    bool adopts_ = false;
    bool lost_ = false;
    bool told_begin_ = false;  // and not the end
};

}  // namespace signaling

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "signaling/conference/call_door.h"

namespace signaling {

/// Stands between the doors and the rooms, and counts who was let in, who was not and why, and how
/// calls ended. Changes nothing.
///
/// Thread: signald's loop.
/// Owner:  borrows the rooms; outlives the doors.
class CallCounter final : public Admission {
  public:
    struct Counts {
        std::map<std::string, std::uint64_t> admitted;  ///< by transport
        std::map<RefusalReason, std::uint64_t> refused;
        std::map<Ending::Cause, std::uint64_t> ended;
        std::uint64_t resumed = 0;  ///< calls of a former daemon that go on
        std::uint64_t lost = 0;     ///< calls of a former daemon whose meeting was gone
    };
    explicit CallCounter(Admission& rooms) : rooms_(rooms) {}

    [[nodiscard]] const Counts& counts() const { return counts_; }

    void admit(const CallRequest& request, Call& call, OnAdmitted done) override;
    void resume(const Resumption& former, Call& call, OnResumed done) override;
    void update(const ParticipantId& id, const std::optional<MediaOffer>& offer,
                OnMedia done) override;
    void answered(const ParticipantId& id, const MediaOffer& answer, OnMedia done) override;
    void dtmf(const ParticipantId& id, char digit, common::Duration duration) override;
    void picture_fast_update(const ParticipantId& id, const std::string& mid) override;
    void left(const ParticipantId& id, const Ending& ending) override;

  private:
    Admission& rooms_;
    Counts counts_;
};

}  // namespace signaling

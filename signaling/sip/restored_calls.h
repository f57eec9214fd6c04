#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "common/clock.h"
#include "signaling/conference/call_door.h"
#include "signaling/sip/dialog_journal.h"
#include "signaling/sip/loop_timers.h"
#include "signaling/sip/message_gate.h"
#include "signaling/sip/session_timer.h"
#include "signaling/sip/sofia_leg.h"

namespace signaling {

/// The calls of one listener that a former daemon took in.
///
/// Owner:  the agent, whose nta it uses; borrows admission, clock, gate and journal. Thread: the
/// loop.
class RestoredCalls {
  public:
    struct Surroundings {
        SofiaLeg::Surroundings sip;
        Admission& admission;
        const common::Clock& clock;
        SessionTimer::Policy session_timer;
        DialogJournal& journal;
        MessageGate& gate;  ///< requests of these calls are no strangers'
        std::function<void()> on_fewer;
    };
    explicit RestoredCalls(Surroundings around) : around_(std::move(around)) {}

    /// From here on its requests are answered; the rooms are asked whether they know it. False:
    /// what was kept of it makes no dialog.
    [[nodiscard]] bool restore(const DialogRecord& record);
    void end_all();
    /// The other ends of the connections that they go over.
    void add_connections(std::unordered_set<std::string>& in_calls) const;
    [[nodiscard]] std::size_t count() const { return legs_.size(); }

  private:
    void keep(SofiaLeg& leg, const std::string& listener);
    void forget(SofiaLeg& leg, const ParticipantId& id);

    Surroundings around_;
    std::unordered_map<SofiaLeg*, std::unique_ptr<SofiaLeg>> legs_;
    LoopTimers timers_;
};

}  // namespace signaling

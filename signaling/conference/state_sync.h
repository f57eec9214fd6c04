#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "signaling/conference/media_node.h"

namespace signaling {

/// Whose state a StateSync keeps in force.
class StateOwner {
  public:
    virtual ~StateOwner() = default;
    /// The full desired state; the revision is filled in by the caller.
    [[nodiscard]] virtual ConferenceSpec desired_state() const = 0;
    /// The media daemon took the newest or an older revision. Comes before the callbacks of
    /// `changed`.
    virtual void state_applied(const AppliedState& applied) = 0;
    /// Only after `adopt`: what runs there.
    virtual void state_adopted(const ClaimedState& running) = 0;
    /// Another signalling daemon owns the conference now: nothing we say counts any more.
    virtual void state_lost(const std::string& why) = 0;
};

/// Brings one conference's desired state into force at the media daemon: claims it, sends the
/// newest revision, one command at a time, and again after the daemon was away.
///
/// Thread: signald's loop.
/// Owner:  borrows the node and its owner, who outlive it.
class StateSync {
  public:
    using Applied = std::function<void(common::Result<void>)>;

    StateSync(MediaNode& node, StateOwner& owner, Ownership ownership, std::string room);

    /// The desired state changed. `done` comes once, when this state or a newer one is in force, or
    /// with the reason why it is not (it then stays desired); never from within.
    void changed(Applied done = {});
    /// `done` comes as for `changed`, for the state as it is; from within when it is in force
    /// already.
    void wait(Applied done);
    /// Takes over what runs under another owner.
    void adopt();

    void node_up();
    /// Waiting callbacks fail.
    void node_down(const std::string& why);
    /// Tries again what failed for a reason that passes. Call now and then.
    void retry() { pump(); }

    [[nodiscard]] const Ownership& ownership() const { return ownership_; }
    /// True when the media daemon runs the newest revision.
    [[nodiscard]] bool settled() const { return applied_ == revision_; }

  private:
    struct Waiter {
        std::uint64_t revision;
        Applied done;
    };

    void pump();
    void on_claimed(const common::Result<ClaimedState>& reply);
    void on_applied(std::uint64_t revision, const common::Result<AppliedState>& reply);
    void finish_waiters(std::uint64_t up_to, const common::Result<void>& result);

    MediaNode& node_;
    StateOwner& owner_;
    Ownership ownership_;
    std::string room_;
    std::uint64_t revision_ = 0;
    std::uint64_t applied_ = 0;
    bool claimed_ = false;
    bool adopting_ = false;
    bool lost_ = false;
    bool in_flight_ = false;
    bool reclaiming_ = false;
    std::vector<Waiter> waiters_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // replies may outlive us
};

}  // namespace signaling

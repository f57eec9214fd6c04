#include "signaling/conference/state_sync.h"

#include <algorithm>

#include "common/log.h"

namespace signaling {

using common::ErrorCode;
using common::Result;

StateSync::StateSync(MediaNode& node, StateOwner& owner, Ownership ownership, std::string room)
    : node_(node), owner_(owner), ownership_(std::move(ownership)), room_(std::move(room)) {}

void StateSync::changed(Applied done) {
    ++revision_;
    if (done) waiters_.push_back({revision_, std::move(done)});
    pump();
}

void StateSync::wait(Applied done) {
    if (settled()) return done({});
    waiters_.push_back({revision_, std::move(done)});
}

void StateSync::adopt() {
    adopting_ = true;
    pump();
}

void StateSync::node_up() {
    claimed_ = false;
    if (!adopting_) ++revision_;  // whatever the daemon runs now, it hears everything again
    pump();
}

void StateSync::node_down(const std::string& why) {
    claimed_ = false;
    finish_waiters(revision_, common::fail(ErrorCode::Unavailable, why));
}

void StateSync::pump() {
    if (in_flight_ || lost_ || node_.info() == nullptr) return;
    const std::weak_ptr<bool> alive = alive_;
    if (!claimed_) {
        in_flight_ = true;
        node_.claim(ownership_, room_, [this, alive](Result<ClaimedState> reply) {
            if (!alive.expired()) on_claimed(reply);
        });
    } else if (applied_ != revision_) {
        in_flight_ = true;
        ConferenceSpec spec = owner_.desired_state();
        spec.revision = revision_;
        node_.apply(ownership_, spec,
                    [this, alive, revision = revision_](Result<AppliedState> reply) {
                        if (!alive.expired()) on_applied(revision, reply);
                    });
    }
}

void StateSync::on_claimed(const Result<ClaimedState>& reply) {
    in_flight_ = false;
    if (reply) {
        claimed_ = true;
        // Revisions go on from what the daemon has seen: it ignores older ones.
        std::uint64_t ahead = 0;
        if (adopting_) {
            ahead = applied_ = reply->running.revision;
        } else if (reply->running.revision >= revision_) {
            ahead = reply->running.revision + 1 - revision_;
        }
        revision_ += ahead;
        for (Waiter& waiter : waiters_) waiter.revision += ahead;
        if (std::exchange(adopting_, false)) owner_.state_adopted(*reply);
        return pump();
    }
    finish_waiters(revision_, tl::unexpected(reply.error()));
    if (reply.error().code == ErrorCode::StaleFence && node_.info() != nullptr) {
        lost_ = true;
        owner_.state_lost(reply.error().message);
    }
}

void StateSync::on_applied(std::uint64_t revision, const Result<AppliedState>& reply) {
    in_flight_ = false;
    if (reply) {
        applied_ = revision;
        reclaiming_ = false;
        const std::weak_ptr<bool> alive = alive_;
        owner_.state_applied(*reply);
        if (alive.expired()) return;
        finish_waiters(revision, {});
        if (!alive.expired()) pump();
        return;
    }
    LOG_WARNING("state not applied conference={} room={}: {}", ownership_.instance, room_,
                reply.error().message);
    // Claiming clears up a stale fence, and a conference that ended when its last session did:
    // either it is ours again and takes the state, or we learn that it is lost. Once in a row, lest
    // two answers chase each other.
    const bool not_ours =
        reply.error().code == ErrorCode::StaleFence || reply.error().code == ErrorCode::NotFound;
    if (not_ours) claimed_ = false;
    if (not_ours && !std::exchange(reclaiming_, true)) return pump();
    finish_waiters(revision, tl::unexpected(reply.error()));
}

void StateSync::finish_waiters(std::uint64_t up_to, const Result<void>& result) {
    const auto later = std::stable_partition(
        waiters_.begin(), waiters_.end(), [up_to](const Waiter& w) { return w.revision <= up_to; });
    std::vector<Waiter> ready(std::make_move_iterator(waiters_.begin()),
                              std::make_move_iterator(later));
    waiters_.erase(waiters_.begin(), later);
    for (Waiter& waiter : ready) waiter.done(result);
}

}  // namespace signaling

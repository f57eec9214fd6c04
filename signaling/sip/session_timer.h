#pragma once

#include <string>

#include "common/units.h"
#include "signaling/sip/sip_dialog.h"

namespace signaling {

/// The session timer of one dialog (RFC 4028): who refreshes, how often, and what the headers say.
/// Pure: whoever holds it waits for its times.
///
/// Choices: the caller refreshes when it can and leaves it to us; we refresh for callers that know
/// no timers, since a lost BYE would else hold their place for ever.
class SessionTimer {
  public:
    struct Policy {
        common::Duration interval = std::chrono::seconds(1800);
        common::Duration least = std::chrono::seconds(90);  ///< RFC 4028 4: not below 90 s
    };
    /// However long the peer would have it: who is gone does not keep his place for longer.
    static constexpr common::Duration kLongest = std::chrono::hours(24);

    explicit SessionTimer(Policy policy) : policy_(policy), interval_(policy.interval) {}

    /// The request's interval is shorter than we bear: 422 with Min-SE.
    [[nodiscard]] bool too_short(const SipAbilities& request) const;
    [[nodiscard]] int min_se_s() const;

    /// Takes the terms of a request that we answer with 2xx, and says them in the answer.
    void accept(const SipAbilities& request, SipResponse& answer);
    /// What our own request says.
    [[nodiscard]] std::string proposal() const;
    /// Takes the terms of the 2xx to it.
    void settle(const SipAbilities& answer);
    /// Goes on with terms that were agreed on before.
    void resume(common::Duration interval, bool we_refresh);
    /// Our request was answered with 422. False: the peer names nothing longer.
    bool lengthen(const SipAbilities& answer);

    [[nodiscard]] bool we_refresh() const { return we_refresh_; }
    [[nodiscard]] common::Duration interval() const { return interval_; }
    /// From the last refresh: when to send ours. RFC 4028 7.2: half of it.
    [[nodiscard]] common::Duration refresh_after() const { return interval_ / 2; }
    /// From the last refresh: when to give up. RFC 4028 10: 32 s or a third before the end.
    [[nodiscard]] common::Duration expire_after() const;

  private:
    Policy policy_;
    common::Duration interval_;
    bool we_refresh_ = true;
};

}  // namespace signaling

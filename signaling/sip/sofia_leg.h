#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "signaling/sip/loop_timers.h"
#include "signaling/sip/sip_call.h"
#include "signaling/sip/sip_dialog.h"

struct nta_agent_s;
struct nta_leg_s;
struct nta_incoming_s;
struct nta_outgoing_s;
struct sip_s;

namespace signaling {

/// A dialog of a former daemon, taken up again below nua: an nta leg with its tags and numbers,
/// and the call it carries.
///
/// Owner:  RestoredCalls; owns the leg and its transactions. Thread: the loop.
class SofiaLeg final : public SipDialog {
  public:
    struct Surroundings {
        nta_agent_s* agent = nullptr;
        std::string user_agent;
        std::string allow;
        std::string supported;
    };
    /// `changed`: what a journal keeps of it is another. `gone`: nothing comes any more; it may be
    /// destroyed, but not from within.
    SofiaLeg(const Surroundings& around, SipDialogState state, common::Duration keep_alive,
             std::function<void(SofiaLeg&)> changed, std::function<void(SofiaLeg&)> gone);
    ~SofiaLeg() override;
    /// Its names and addresses can be read; else there is no leg for it.
    [[nodiscard]] static bool can_carry(const SipDialogState& state);
    SofiaLeg(const SofiaLeg&) = delete;
    SofiaLeg& operator=(const SofiaLeg&) = delete;

    void adopt(std::shared_ptr<SipCall> call) { call_ = std::move(call); }
    [[nodiscard]] SipCall& call() { return *call_; }
    [[nodiscard]] const SipDialogState& state() const { return state_; }
    [[nodiscard]] common::Duration keep_alive() const { return keep_alive_; }

    void respond(SipMethod method, const SipResponse& response) override;
    void reinvite(const SipBody& offer, const std::string& session_expires) override;
    void acknowledge() override;
    void update(const std::string& session_expires) override;
    void info(const SipBody& body) override;
    void end(const std::string& reason) override;
    void after(common::Duration delay, std::function<void()> run) override;
    void set_session_timer(common::Duration delay, std::function<void()> run) override;
    void settled() override { changed_(*this); }

    // From sofia.
    int on_request(nta_incoming_s* request, const sip_s* sip);
    int on_ack_or_cancel(nta_incoming_s* request, const sip_s* sip);
    int on_response(nta_outgoing_s* request, const sip_s* sip);

  private:
    void make_leg();
    void follow(nta_incoming_s* request, const sip_s* sip);
    void keep_alive_from_now();
    bool sent(nta_outgoing_s* request);
    void finish(const Ending& ending);
    void reply(nta_incoming_s* request, const SipResponse& response);

    Surroundings around_;
    SipDialogState state_;
    common::Duration keep_alive_;
    std::function<void(SofiaLeg&)> changed_;
    std::function<void(SofiaLeg&)> gone_;
    nta_leg_s* leg_ = nullptr;
    nta_incoming_s* invite_ = nullptr;  // the peer's, until its ACK
    bool invite_answered_ = false;
    nta_incoming_s* update_ = nullptr;
    nta_outgoing_s* our_invite_ = nullptr;
    bool acknowledged_ = false;
    std::set<nta_outgoing_s*> open_;  // ours but INVITE, not answered yet: they point at us
    bool ending_ = false;
    bool finished_ = false;
    std::shared_ptr<SipCall> call_;
    LoopTimers timers_;
    LoopTimers::Id session_timer_ = 0;
};

}  // namespace signaling

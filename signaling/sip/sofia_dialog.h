#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "signaling/sip/loop_timers.h"
#include "signaling/sip/sip_call.h"
#include "signaling/sip/sip_dialog.h"

struct nua_handle_s;
struct msg_s;

namespace signaling {

/// One nua handle with an INVITE in it, and the call it carries.
///
/// Owner:  the agent; owns the handle. Thread: the loop.
class SofiaDialog final : public SipDialog {
  public:
    /// `keep_alive`: how often a request goes to a peer behind a NAT, so that its pinhole stays
    /// open; zero: never.
    SofiaDialog(nua_handle_s* handle, SipDialogState state, common::Duration keep_alive);
    ~SofiaDialog() override;
    SofiaDialog(const SofiaDialog&) = delete;
    SofiaDialog& operator=(const SofiaDialog&) = delete;

    void adopt(std::shared_ptr<SipCall> call) { call_ = std::move(call); }
    /// Told before each 2xx that changes what was agreed, and when both ends know it.
    void on_changed(std::function<void(SofiaDialog&)> changed) { changed_ = std::move(changed); }
    [[nodiscard]] common::Duration keep_alive() const { return keep_alive_; }
    [[nodiscard]] SipCall& call() { return *call_; }
    [[nodiscard]] const SipDialogState& state() const { return state_; }

    /// The INVITE was answered with 200 once.
    [[nodiscard]] bool is_answered() const { return answered_; }
    /// The request that `respond` answers; null: there is none any more.
    void hold(SipMethod method, msg_s* request);
    /// Whose address its newest INVITE or UPDATE came from, a proxy's where there is one:
    /// "192.0.2.1:5060"; empty: unknown.
    [[nodiscard]] const std::string& came_from() const { return came_from_; }
    /// A target refresh (RFC 3261 12.2.2): the peer moved.
    void moved(const std::string& remote_target, const std::string& flow, std::uint32_t cseq);
    /// The peer has everything that makes the dialog ours, too: BYE may be sent.
    void keep_alive_from_now();

    void respond(SipMethod method, const SipResponse& response) override;
    void reinvite(const SipBody& offer, const std::string& session_expires) override;
    void acknowledge() override;
    void update(const std::string& session_expires) override;
    void info(const SipBody& body) override;
    void end(const std::string& reason) override;
    void after(common::Duration delay, std::function<void()> run) override;
    void set_session_timer(common::Duration delay, std::function<void()> run) override;
    void settled() override {
        if (changed_) changed_(*this);
    }

  private:
    [[nodiscard]] msg_s*& held(SipMethod method) {
        return method == SipMethod::Invite ? invite_ : update_;
    }
    void follow_flow();

    nua_handle_s* handle_;
    SipDialogState state_;
    common::Duration keep_alive_;
    msg_s* invite_ = nullptr;
    msg_s* update_ = nullptr;
    std::string came_from_;
    bool answered_ = false;
    std::function<void(SofiaDialog&)> changed_;
    std::shared_ptr<SipCall> call_;
    LoopTimers timers_;
    LoopTimers::Id session_timer_ = 0;
};

}  // namespace signaling

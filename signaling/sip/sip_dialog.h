#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/units.h"

namespace signaling {

/// A message's body and what it is said to be. No type and no text: there was none.
struct SipBody {
    std::string type;      ///< "application/sdp", without parameters, lower case
    std::string encoding;  ///< Content-Encoding; empty: none
    std::string text;
    [[nodiscard]] bool empty() const { return text.empty(); }
};

/// What a message says about session timers (RFC 4028) and about what its sender understands.
struct SipAbilities {
    enum class Refresher : std::uint8_t { NotSaid, Uac, Uas };

    bool timer = false;  ///< Supported or Require: timer
    std::optional<common::Duration> session_expires;
    Refresher refresher = Refresher::NotSaid;
    common::Duration min_se{};  ///< zero: not said
    bool update = false;        ///< Allow names UPDATE
};

/// What goes back for a request. Empty fields are left out.
struct SipResponse {
    int status = 500;
    const char* phrase = nullptr;  ///< lives for ever; null: the standard one
    std::string warning;           ///< the whole Warning header
    std::string accept;            ///< Accept, where a 415 or OPTIONS names what we read
    int retry_after_s = 0;
    std::string session_expires;  ///< "1800;refresher=uac"
    bool require_timer = false;   ///< the peer is the one to refresh
    int min_se_s = 0;             ///< with 422
    SipBody body;
};

/// Which request an answer belongs to: an UPDATE may come while an INVITE waits.
enum class SipMethod : std::uint8_t { Invite, Update };

/// One dialog as SIP knows it (RFC 3261 12): plain values, enough to go on with it in another
/// process. Kept true by the dialog's owner.
struct SipDialogState {
    std::string call_id;
    std::string local_uri;  ///< ours, with its tag: as our requests say From
    std::string local_tag;
    std::string remote_uri;
    std::string remote_tag;
    std::string remote_target;           ///< the peer's Contact: the request URI of ours
    std::vector<std::string> route_set;  ///< in the order of our requests
    std::uint32_t remote_cseq = 0;       ///< of its last request
    std::uint32_t local_cseq = 0;        ///< not below that of our last request; 0: none went out
    std::string contact;                 ///< ours, whole
    /// Where our requests go instead of the target or route; empty: nowhere else. See PeerFlow.
    std::string flow;
};

/// The outgoing half of one dialog: what a call may ask of the SIP stack. The incoming half are the
/// `on_…` methods of SipCall.
///
/// Thread: the loop. Nothing here calls back from within.
class SipDialog {
  public:
    virtual ~SipDialog() = default;

    /// Answers the INVITE or UPDATE that came last; provisional answers may go first.
    virtual void respond(SipMethod method, const SipResponse& response) = 0;
    /// Sends a re-INVITE; `SipCall::on_reinvite_answered` follows. `session_expires` as in
    /// SipResponse; empty: no header.
    virtual void reinvite(const SipBody& offer, const std::string& session_expires) = 0;
    /// Acknowledges the 2xx to it.
    virtual void acknowledge() = 0;
    /// Sends an UPDATE without a body; `SipCall::on_update_answered` follows.
    virtual void update(const std::string& session_expires) = 0;
    virtual void info(const SipBody& body) = 0;
    /// BYE with a Reason header; before the call is answered, 480 to the INVITE.
    /// `SipCall::on_ended` follows.
    virtual void end(const std::string& reason) = 0;
    /// Runs once after the time, unless the dialog is gone by then.
    virtual void after(common::Duration delay, std::function<void()> run) = 0;
    /// As `after`, but one at a time: it takes the place of the one before.
    virtual void set_session_timer(common::Duration delay, std::function<void()> run) = 0;
    /// What `SipCall::state` says was agreed anew, and both ends know it.
    virtual void settled() {}
};

}  // namespace signaling

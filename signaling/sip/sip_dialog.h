#pragma once

#include <functional>
#include <string>

#include "common/units.h"

namespace signaling {

/// A message's body and what it is said to be. No type and no text: there was none.
struct SipBody {
    std::string type;      ///< "application/sdp", without parameters, lower case
    std::string encoding;  ///< Content-Encoding; empty: none
    std::string text;
    [[nodiscard]] bool empty() const { return text.empty(); }
};

/// What goes back for a request. Empty fields are left out.
struct SipResponse {
    int status = 500;
    const char* phrase = nullptr;  ///< lives for ever; null: the standard one
    std::string warning;           ///< the whole Warning header
    std::string accept;            ///< Accept, where a 415 or OPTIONS names what we read
    int retry_after_s = 0;
    SipBody body;
};

/// The outgoing half of one dialog: what a call may ask of the SIP stack. The incoming half are the
/// `on_…` methods of SipCall.
///
/// Thread: the loop. Nothing here calls back from within.
class SipDialog {
  public:
    virtual ~SipDialog() = default;

    /// Answers the INVITE or UPDATE that came last; provisional answers may go first.
    virtual void respond(const SipResponse& response) = 0;
    /// Sends a re-INVITE; `SipCall::on_reinvite_answered` follows.
    virtual void reinvite(const SipBody& offer) = 0;
    /// Acknowledges the 2xx to it.
    virtual void acknowledge() = 0;
    virtual void info(const SipBody& body) = 0;
    /// BYE with a Reason header; before the call is answered, 480 to the INVITE.
    /// `SipCall::on_ended` follows.
    virtual void end(const std::string& reason) = 0;
    /// Runs once after the time, unless the dialog is gone by then.
    virtual void after(common::Duration delay, std::function<void()> run) = 0;
};

}  // namespace signaling

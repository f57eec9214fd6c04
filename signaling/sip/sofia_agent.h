#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include "common/clock.h"
#include "common/result.h"
#include "signaling/auth/digest_guard.h"
#include "signaling/conference/call_door.h"
#include "signaling/sip/dialog_journal.h"
#include "signaling/sip/session_timer.h"
#include "signaling/sip/sip_door.h"

namespace signaling {

class ConnectionTable;
class MessageGate;
class SipTraffic;
class SofiaRoot;

/// One nua: its sockets, its dialogs, and the translation between sofia's events and our calls.
///
/// Owner:  the door. Borrows the root, and all of `Surroundings`.
class SofiaAgent {
  public:
    struct Surroundings {
        Admission& admission;
        const common::Clock& clock;
        std::function<std::string()> new_session_id;
        /// Asked for every new INVITE; empty: let it in. Else the reason, for a 503.
        std::function<std::string()> closed_to_callers;
        /// A dialog or the agent is gone: see `dialog_count` and `stopped`.
        std::function<void()> on_fewer;
    };
    struct Options {
        SipListener listener;
        std::string user_agent;
        std::size_t max_message_bytes = 0;
        SessionTimer::Policy session_timer;
        DigestGuard* guard = nullptr;            ///< null: everybody may call
        TlsIdentity* identity = nullptr;         ///< of a listener with TLS
        MessageGate* gate = nullptr;             ///< never null
        ConnectionTable* connections = nullptr;  ///< never null
        DialogJournal* journal = nullptr;        ///< null: nothing outlives the process
    };

    [[nodiscard]] static common::Result<std::unique_ptr<SofiaAgent>> open(SofiaRoot& root,
                                                                          Options options,
                                                                          Surroundings around);
    ~SofiaAgent();  ///< only when `stopped`

    /// Hangs up everybody, cause Shutdown.
    void end_calls();
    /// Closes the sockets; `stopped` when done.
    void stop();
    [[nodiscard]] bool stopped() const;
    [[nodiscard]] std::size_t dialog_count() const;
    /// Of these, whose INVITE has no final answer yet.
    [[nodiscard]] std::size_t unadmitted_count() const;
    /// Of these, a former daemon's.
    [[nodiscard]] std::size_t restored_count() const;
    [[nodiscard]] const SipTraffic& received() const;
    /// The other ends of the connections that its calls go over.
    void add_connections(std::unordered_set<std::string>& in_calls) const;
    /// As records name it: "127.0.0.1:5060".
    [[nodiscard]] std::string listener_name() const;
    /// Goes on with a dialog of a former daemon. False: it cannot.
    bool restore(const DialogRecord& record);

    struct Impl;

  private:
    explicit SofiaAgent(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace signaling

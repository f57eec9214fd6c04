#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/result.h"
#include "signaling/auth/digest_guard.h"
#include "signaling/auth/tls_identity.h"
#include "signaling/conference/call_door.h"
#include "signaling/config/sip_limits.h"
#include "signaling/sip/session_timer.h"
#include "signaling/sip/sip_traffic.h"

namespace signaling {

/// Where SIP is listened for: one numeric address, IPv4 or IPv6, and one port.
struct SipListener {
    enum class Over : std::uint8_t { UdpAndTcp, Udp, Tcp, Tls };

    std::string address = "0.0.0.0";
    std::uint16_t port = 5060;
    /// What we call ourselves in Contact, where it differs from the address (NAT); empty: the route
    /// to the peer decides.
    std::string public_address;
    Over over = Over::UdpAndTcp;
    MediaEncryption media_encryption = MediaEncryption::Optional;
    std::string digest_users_file;  ///< empty: callers are not asked who they are
    std::string digest_realm;
    DigestGuard::Algorithms digest_algorithms = {DigestAlgorithm::Sha256, DigestAlgorithm::Md5};
};

/// The door of SIP: takes calls in, and tells the rooms in their own words (call_door.h).
///
/// Answers INVITE (with and without an offer), re-INVITE, UPDATE, CANCEL, BYE, OPTIONS and INFO;
/// 405 or 501 to the rest. Thread: one GMainContext, the thread's default one when `open` is
/// called; every callback comes from its iteration. Owner:  borrows admission and clock, which
/// outlive it.
class SipDoor {
  public:
    struct Config {
        std::vector<SipListener> listeners;
        std::string user_agent = "Tessera";
        std::size_t max_calls = 2000;  ///< beyond: 503 with Retry-After
        SipLimits limits;
        SessionTimer::Policy session_timer;
        TlsIdentity::Files certificate;  ///< read when a listener has TLS
        std::string journal_file;        ///< empty: calls end with the process
        std::uint64_t seed = 0;          ///< SDP session ids; from the system's random source
    };

    /// Goes on with the calls that the journal tells of, where the rooms know them.
    /// Fails when one of the listeners, the journal or the certificate cannot be opened, and names
    /// it; nothing is listened on then.
    [[nodiscard]] static common::Result<std::unique_ptr<SipDoor>> open(Config config,
                                                                       Admission& admission,
                                                                       const common::Clock& clock);
    /// Ends what `close` did not: turns the loop for at most two seconds until the sockets are
    /// closed.
    ~SipDoor();

    /// Refuses new calls with 503, hangs up the others (cause Shutdown), and calls `closed` when
    /// all are answered, at the latest after five seconds.
    void close(std::function<void()> closed);

    struct Statistics {
        /// Calls: whose INVITE has no final answer yet; those that have; a former daemon's.
        std::size_t unanswered = 0, answered = 0, restored = 0;
        /// Callers refused with 503 before the rooms were asked.
        std::uint64_t refused_shutting_down = 0, refused_calls = 0, refused_unadmitted = 0;
        std::uint64_t dropped = 0;  ///< messages above the limits
        std::size_t remembered_requests = 0;
        std::size_t connections = 0;
        std::size_t journal_calls = 0, journal_bytes = 0;
        DigestGuard::Counts digest;
        std::vector<const SipTraffic*> received;  ///< of each listener; borrowed from the door
        const SipTraffic* sent = nullptr;
    };
    [[nodiscard]] Statistics statistics() const;

    /// Calls from the first INVITE to the last answer.
    [[nodiscard]] std::size_t call_count() const;
    /// Requests of people in no call whose memory is not free yet.
    [[nodiscard]] std::size_t remembered_requests() const;
    /// Requests that ever came in, of people in calls, too.
    [[nodiscard]] std::uint64_t received_requests() const;
    /// TCP and TLS connections that others made.
    [[nodiscard]] std::size_t connection_count() const;

  private:
    struct Impl;
    explicit SipDoor(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace signaling

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/fingerprint.h"
#include "mcu/transport/dtls_association.h"
#include "mcu/transport/dtls_identity.h"
#include "mcu/transport/net_thread.h"
#include "mcu/transport/receive_batch.h"
#include "mcu/transport/socket_address.h"

namespace mcu {

/// Told once how DTLS on one port ended. Net thread; must not destroy the endpoint from within.
class DtlsObserver {
  public:
    virtual ~DtlsObserver() = default;
    /// `from` has the key of the certificate that signalling told, and these are the SRTP keys.
    virtual void on_dtls_established(const SrtpKeyPair& keys, const SocketAddress& from) = 0;
    /// A handshake failed. As a server, another may yet succeed; as a client, it is over.
    virtual void on_dtls_failed(const std::string& why) = 0;
};

/// DTLS on one port of one medium: as a client it calls the peer, as a server it lets itself be
/// called, until one handshake has proven the certificate that signalling told.
///
/// Whom:   a client speaks with the signalled address only. A server cannot (NAT), so it keeps the
///         handshakes of kMostCallers addresses apart, and only with those that returned their
///         cookie; the first with the right certificate wins.
/// Room:   of kMostCallers, shared out by host. The signalled address makes no room for others, nor
///         does who has shown the right certificate. Else a host gives up a place to one that would
///         not have more then, and whoever showed no certificate for kMostDawdling also to one that
///         would have as many. Who finds no room is not answered, and calls again. So a stranger at
///         one host, from however many ports, neither ends another host's handshake nor keeps it
///         out; several hosts that return their cookies can delay it, and end one that dawdles.
///         Strangers at the peer's own host (one NAT) share its places.
/// Time:   kLongest for a handshake, by the injected clock; a client that was given no answer by
///         then gives up.
/// Thread: net thread alone.
/// Owner:  borrows net thread, identity and observer.
class DtlsEndpoint {
  public:
    static constexpr std::size_t kMostCallers = 4;
    static constexpr common::Duration kLongest = std::chrono::seconds(30);
    /// From the cookie to the certificate it is one round trip; and two repeats, where one is lost.
    static constexpr common::Duration kMostDawdling = std::chrono::seconds(4);

    struct Config {
        DtlsRole role = DtlsRole::Server;
        std::vector<common::Fingerprint> fingerprints;  ///< of the peer: one of them
        SocketAddress peer;                             ///< as signalled; none: not known yet
    };
    struct Counters {
        std::uint64_t dropped = 0;  ///< from strangers, without room, or after the end
        std::uint64_t failed = 0;   ///< handshakes
        std::uint64_t wrong_certificates = 0;
    };
    using Send = std::function<void(std::span<const std::uint8_t>, const SocketAddress& to)>;

    DtlsEndpoint(NetThread& net, const DtlsIdentity& identity, Config config, Send send,
                 DtlsObserver& observer);
    DtlsEndpoint(const DtlsEndpoint&) = delete;
    DtlsEndpoint& operator=(const DtlsEndpoint&) = delete;

    void receive(const Datagram& datagram);
    /// The peer has its keys: nothing of the handshake need be kept.
    void settle();
    [[nodiscard]] bool established() const { return established_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    struct Caller {
        SocketAddress from;
        std::unique_ptr<DtlsAssociation> association;
        common::Timestamp begun;
    };

    [[nodiscard]] std::unique_ptr<DtlsAssociation> associate(
        std::shared_ptr<const SocketAddress> to);
    void call_peer();
    void greet(const Datagram& datagram);
    /// Whose place `from` may have; none: nobody's.
    [[nodiscard]] std::optional<std::size_t> who_makes_room(const SocketAddress& from) const;
    [[nodiscard]] std::size_t callers_at_host_of(const SocketAddress& address) const;
    /// Looks whether the handshake ended, and plans the next look.
    void follow(const SocketAddress& from);
    void drop(std::size_t index, const std::string& why);
    void on_due();
    void plan();

    NetThread& net_;
    const DtlsIdentity& identity_;
    const Config config_;
    const Send send_;
    DtlsObserver& observer_;
    Timer timer_;
    std::unique_ptr<DtlsAssociation> door_;  ///< listens, for the next who brings a cookie
    std::shared_ptr<SocketAddress> door_to_;
    std::vector<Caller> callers_;
    bool established_ = false;
    Counters counters_;
};

}  // namespace mcu

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
///         cookie; the first with the right certificate wins, and what a stranger begins or spoils
///         is only his own. The signalled address never makes room for others.
/// Time:   kLongest for a handshake, by the injected clock; a client that was given no answer by
///         then gives up.
/// Thread: net thread alone.
/// Owner:  borrows net thread, identity and observer.
class DtlsEndpoint {
  public:
    static constexpr std::size_t kMostCallers = 4;
    static constexpr common::Duration kLongest = std::chrono::seconds(30);

    struct Config {
        DtlsRole role = DtlsRole::Server;
        std::vector<common::Fingerprint> fingerprints;  ///< of the peer: one of them
        SocketAddress peer;                             ///< as signalled; none: not known yet
    };
    struct Counters {
        std::uint64_t dropped = 0;  ///< from strangers, or after the end
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
        common::Timestamp give_up;
    };

    [[nodiscard]] std::unique_ptr<DtlsAssociation> associate(
        std::shared_ptr<const SocketAddress> to);
    void call_peer();
    void greet(const Datagram& datagram);
    void make_room(const SocketAddress& from);
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

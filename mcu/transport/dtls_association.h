#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/fingerprint.h"
#include "common/srtp_key.h"
#include "common/units.h"
#include "mcu/transport/dtls_identity.h"
#include "mcu/transport/socket_address.h"

namespace mcu {

enum class DtlsRole : std::uint8_t { Client, Server };

/// The keys of both directions of one transport.
struct SrtpKeyPair {
    common::SrtpKey send, receive;
};

/// One DTLS 1.2 handshake with one address, and the SRTP keys that come of it (RFC 5764). The
/// peer's certificate is compared with the fingerprints that signalling told before the handshake
/// can end: with another one there are never keys.
///
/// Cookies: a server answers a first ClientHello with a HelloVerifyRequest (RFC 6347 4.2.1), which
///          is smaller than what it answers, and keeps no state of it; so nobody makes us send a
///          certificate to an address that is not his.
/// Thread:  net thread alone. Datagrams leave from within `start`, `greet`, `receive`, `on_due`.
/// Time:    retransmissions run by the library's own (real) clock: 250 ms, doubled up to 2 s.
/// Owner:   borrows the identity.
class DtlsAssociation {
  public:
    enum class State : std::uint8_t { Listening, Handshaking, Established, Failed };
    using Send = std::function<void(std::span<const std::uint8_t>)>;
    /// A flight is cut to datagrams of this size, IP and UDP included.
    static constexpr std::size_t kLinkMtuBytes = 1200;

    /// `expected`: the fingerprints of which the peer's certificate must have one.
    DtlsAssociation(const DtlsIdentity& identity, DtlsRole role,
                    std::vector<common::Fingerprint> expected, Send send);
    ~DtlsAssociation();
    DtlsAssociation(const DtlsAssociation&) = delete;
    DtlsAssociation& operator=(const DtlsAssociation&) = delete;

    /// Client: sends the first ClientHello.
    void start();
    /// Server, while Listening: true when it is a ClientHello with the cookie that `from` was
    /// given; the handshake with it has begun then. Else the association listens on, for anybody.
    bool greet(std::span<const std::uint8_t> datagram, const SocketAddress& from);
    void receive(std::span<const std::uint8_t> datagram);

    /// How long until `on_due` may have something to do; nothing: it never will.
    [[nodiscard]] std::optional<common::Duration> until_due() const;
    void on_due();

    [[nodiscard]] State state() const;
    [[nodiscard]] const SrtpKeyPair& keys() const;     ///< once Established
    [[nodiscard]] const std::string& failure() const;  ///< why it Failed
    /// The peer has shown the certificate that signalling told; that it has its key comes later.
    [[nodiscard]] bool showed_certificate() const;
    /// It failed because the certificate is not the one that signalling told.
    [[nodiscard]] bool wrong_certificate() const;

  private:
    friend class DtlsIdentity;  // its callbacks come here
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mcu

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/units.h"
#include "mcu/transport/ice_checks.h"
#include "mcu/transport/receive_batch.h"
#include "mcu/transport/socket_address.h"

namespace mcu {

/// Where the peer may reach us (RFC 8839 5.1): a host candidate of component 1.
struct IceHostCandidate {
    enum class Transport : std::uint8_t { Udp, TcpPassive };  ///< passive: we wait (RFC 6544 4.5)
    std::string foundation;
    std::uint32_t priority = 0;
    SocketAddress address;
    Transport transport = Transport::Udp;
    friend bool operator==(const IceHostCandidate&, const IceHostCandidate&) = default;
};

/// Gets what the peer sends. Net thread.
class IceTransportReader {
  public:
    virtual ~IceTransportReader() = default;
    /// All but STUN, from a path that the peer has proven; from which may change at any time.
    virtual void on_ice_datagram(const Datagram& datagram) = 0;
    /// What is sent goes there from now on.
    virtual void on_ice_path(const SocketAddress& to) = 0;
};

/// The way to one peer and back, whatever its addresses.
///
/// Consent: nothing is sent, and nothing let in, when for kConsent nothing authentic came (RFC 7675
///         5.1 for who makes no checks of its own), until the peer proves itself anew.
/// Thread: net thread alone, construction and destruction too.
class IceTransport {
  public:
    static constexpr common::Duration kConsent = std::chrono::seconds(30);
    struct Counters {
        std::uint64_t checks = 0;    ///< that were authentic
        std::uint64_t refused = 0;   ///< STUN that was not
        std::uint64_t unproven = 0;  ///< other datagrams, from a path that the peer did not prove
        std::uint64_t no_room = 0;   ///< dropped by the kernel, for want of room
        std::uint64_t malformed = 0;
    };
    virtual ~IceTransport() = default;

    /// Other ones than before begin ICE anew; the path serves until the peer chose one again.
    virtual void set_credentials(const IceCredentials& local, const std::string& remote_ufrag) = 0;
    /// All there are; they do not change. The first is the default, and of UDP.
    [[nodiscard]] virtual const std::vector<IceHostCandidate>& candidates() const = 0;
    [[nodiscard]] virtual bool can_send(common::Timestamp now) const = 0;
    /// In order; returns how many went out.
    virtual std::size_t send(std::span<const std::span<const std::uint8_t>> datagrams,
                             common::Timestamp now) = 0;
    /// What came last proved authentic by means of its own (SRTP): the peer is there.
    virtual void note_authentic(common::Timestamp now) = 0;
    [[nodiscard]] virtual Counters counters() const = 0;
};

}  // namespace mcu

#pragma once

#include <memory>
#include <vector>

#include "common/result.h"
#include "mcu/transport/ice_transport.h"
#include "mcu/transport/udp_port_range.h"

namespace mcu {

/// An IceTransport that waits to be found (RFC 8445 2.5, lite): one socket for each of our
/// addresses, read and written in batches like any other port.
///
/// Path:   the one that the peer nominated last; before that, the first that it checked. Checks
///         come from wherever it is, through any NAT, so no remote candidates are needed.
/// Bounds: kMostPaths proven paths; the one heard longest ago makes room.
/// Owner:  owns its ports; borrows net thread and reader.
class IceLite final : public IceTransport {
  public:
    static constexpr std::size_t kMostPaths = 16;
    static constexpr std::size_t kMostAddresses = 8;

    /// Opens a port on each of `addresses` (ports are not looked at), at most kMostAddresses. Any
    /// thread. Fails where `UdpPortRange::open_pair` does.
    [[nodiscard]] static common::Result<std::vector<std::unique_ptr<UdpPortPair>>> open_ports(
        UdpPortRange& range, const std::vector<SocketAddress>& addresses);

    /// Ports of concrete addresses, one at least.
    IceLite(NetThread& net, std::vector<std::unique_ptr<UdpPortPair>> ports,
            IceTransportReader& reader);

    void set_credentials(const IceCredentials& local, const std::string& remote_ufrag) override;
    [[nodiscard]] const std::vector<IceHostCandidate>& candidates() const override {
        return candidates_;
    }
    [[nodiscard]] bool can_send(common::Timestamp now) const override;
    std::size_t send(std::span<const std::span<const std::uint8_t>> datagrams,
                     common::Timestamp now) override;
    void note_authentic(common::Timestamp now) override;
    [[nodiscard]] Counters counters() const override;

  private:
    struct Port final : DatagramReader {
        void on_datagram(const Datagram& datagram) override { home->receive(*this, datagram); }
        IceLite* home = nullptr;
        std::unique_ptr<UdpPortPair> pair;  ///< of which RTP's alone is used
    };
    struct Path {
        Port* port = nullptr;
        SocketAddress remote;
        common::Timestamp checked;
    };

    void receive(Port& port, const Datagram& datagram);
    void receive_check(Port& port, const Datagram& datagram);
    Path& remember(Port& port, const SocketAddress& from, common::Timestamp now);
    [[nodiscard]] const Path* find(const Port& port, const SocketAddress& from) const;
    void choose(const Path& path);
    [[nodiscard]] bool consents(common::Timestamp now) const { return now - heard_ < kConsent; }

    IceTransportReader& reader_;
    IceChecks checks_;
    std::vector<Path> paths_;
    Path chosen_;              ///< without port: none
    common::Timestamp heard_;  ///< when the peer last proved that it is there
    Counters counters_;
    std::vector<IceHostCandidate> candidates_;
    std::vector<std::unique_ptr<Port>> ports_;  ///< goes first: nothing is read after that
};

}  // namespace mcu

#pragma once

#include <memory>
#include <vector>

#include "common/result.h"
#include "mcu/transport/ice_transport.h"
#include "mcu/transport/tcp_line.h"
#include "mcu/transport/udp_port_range.h"

namespace mcu {

/// Where one of our addresses is reached: by UDP, and by TCP at the same number.
struct IcePort {
    std::unique_ptr<UdpPortPair> udp;  ///< of which RTP's alone is used
    std::unique_ptr<TcpListener> tcp;  ///< null: another program has that number, or it failed
};

/// An IceTransport that waits to be found (RFC 8445 2.5, lite): one UDP socket for each of our
/// addresses, read and written in batches like any other port, and one that takes TCP connections
/// for peers behind firewalls that let no UDP through (RFC 6544, passive).
///
/// Path:   the one that the peer nominated last; before that, the first that it checked. Checks
///         come from wherever it is, through any NAT, so no remote candidates are needed. Of a TCP
///         connection that closes nothing is left: the peer chooses again.
/// Bounds: kMostPaths proven paths; the one heard longest ago makes room. kMostConnections; those
///         that proved nothing make room, and are closed after kProof.
/// Owner:  owns its ports; borrows net thread and reader.
class IceLite final : public IceTransport, private TcpAcceptor, private TcpLineReader {
  public:
    static constexpr std::size_t kMostPaths = 16;
    static constexpr std::size_t kMostAddresses = 8;
    static constexpr std::size_t kMostConnections = 8;
    static constexpr common::Duration kProof = std::chrono::seconds(10);

    /// Opens a port on each of `addresses` (ports are not looked at), at most kMostAddresses. Any
    /// thread. Fails where `UdpPortRange::open_pair` does.
    [[nodiscard]] static common::Result<std::vector<IcePort>> open_ports(
        UdpPortRange& range, const std::vector<SocketAddress>& addresses);

    /// Ports of concrete addresses, one at least.
    IceLite(NetThread& net, std::vector<IcePort> ports, IceTransportReader& reader);
    ~IceLite() override;

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
    /// By which datagrams go to a peer.
    class Line {
      public:
        virtual ~Line() = default;
        virtual std::size_t send(std::span<const std::span<const std::uint8_t>> datagrams,
                                 const SocketAddress& to) = 0;
    };
    class Port;
    class Connection;
    struct Path {
        Line* line = nullptr;
        SocketAddress remote;
        common::Timestamp checked;
    };

    void on_connection(int fd, const SocketAddress& peer) override;
    void on_line_datagram(TcpLine& line, const Datagram& datagram) override;
    void on_line_closed(TcpLine& line) override;
    void close_unproven();
    [[nodiscard]] bool proven(const Line& line) const;
    void drop(const Connection& connection);

    void receive(Line& line, const Datagram& datagram);
    void receive_check(Line& line, const Datagram& datagram);
    Path& remember(Line& line, const SocketAddress& from, common::Timestamp now);
    [[nodiscard]] const Path* find(const Line& line, const SocketAddress& from) const;
    void choose(const Path& path);
    [[nodiscard]] bool consents(common::Timestamp now) const { return now - heard_ < kConsent; }

    NetThread& net_;
    IceTransportReader& reader_;
    IceChecks checks_;
    std::vector<Path> paths_;
    Path chosen_;              ///< without line: none
    common::Timestamp heard_;  ///< when the peer last proved that it is there
    Counters counters_;
    std::vector<IceHostCandidate> candidates_;
    Timer prove_by_;
    std::vector<std::unique_ptr<Connection>> connections_;  ///< oldest first
    std::vector<std::unique_ptr<Port>> ports_;  ///< goes first: nothing is read after that
};

}  // namespace mcu

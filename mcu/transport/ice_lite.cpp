#include "mcu/transport/ice_lite.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/invariant.h"
#include "mcu/transport/datagram_demux.h"

namespace mcu {

using common::Result;
using common::Timestamp;

namespace {

using Transport = IceHostCandidate::Transport;

/// RFC 8445 5.1.2.1: of type host; the earlier address the better; component 1. UDP goes before all
/// of TCP, whose local preference begins with that of passive ones (RFC 6544 4.2).
std::uint32_t priority_of(Transport transport, std::size_t place) {
    constexpr std::uint32_t kHost = 126, kTcpHost = 90;
    constexpr std::uint32_t kPassive = 4U << 13U;
    const auto later = static_cast<std::uint32_t>(place);
    const bool udp = transport == Transport::Udp;
    const std::uint32_t type = udp ? kHost : kTcpHost;
    const std::uint32_t preference = udp ? 65'535U - later : kPassive + 8191U - later;
    return type << 24U | preference << 8U | (256U - 1U);
}

}  // namespace

class IceLite::Port final : public Line, private DatagramReader, private TcpAcceptor {
  public:
    Port(NetThread& net, IcePort port, IceLite& home) : home_(home), port_(std::move(port)) {
        port_.udp->rtp().attach(net, *this);
        if (port_.tcp) port_.tcp->attach(net, *this);
    }
    std::size_t send(std::span<const std::span<const std::uint8_t>> datagrams,
                     const SocketAddress& to) override {
        return udp().send(datagrams, to);
    }
    [[nodiscard]] UdpPort& udp() { return port_.udp->rtp(); }
    [[nodiscard]] const TcpListener* tcp() const { return port_.tcp.get(); }

  private:
    void on_datagram(const Datagram& datagram) override { home_.receive(*this, datagram); }
    void on_connection(int fd, const SocketAddress& peer) override {
        home_.on_connection(fd, peer);
    }

    IceLite& home_;
    IcePort port_;
};

/// One that the peer made, or somebody else.
class IceLite::Connection final : public Line {
  public:
    Connection(int fd, const SocketAddress& peer, IceLite& home)
        : since(home.net_.clock().now()), line(fd, peer, home.net_, home) {}
    std::size_t send(std::span<const std::span<const std::uint8_t>> datagrams,
                     const SocketAddress& /*to*/) override {
        return line.send(datagrams);
    }

    const Timestamp since;
    TcpLine line;
};

Result<std::vector<IcePort>> IceLite::open_ports(UdpPortRange& range,
                                                 const std::vector<SocketAddress>& addresses) {
    std::vector<IcePort> ports;
    for (const SocketAddress& address : addresses) {
        if (ports.size() == kMostAddresses) break;
        auto pair = range.open_pair(address, TrafficClass::Video);
        if (!pair) return common::fail_in("ICE on " + address.address(), std::move(pair.error()));
        auto listener = TcpListener::open((*pair)->rtp().local());
        ports.push_back({std::move(*pair), listener ? std::move(*listener) : nullptr});
    }
    return ports;
}

IceLite::IceLite(NetThread& net, std::vector<IcePort> ports, IceTransportReader& reader)
    : net_(net), reader_(reader), prove_by_(net, [this] { close_unproven(); }) {
    INVARIANT(!ports.empty());
    for (IcePort& port : ports) {
        ports_.push_back(std::make_unique<Port>(net, std::move(port), *this));
    }
    const auto offer = [this](Transport transport, std::size_t place, SocketAddress address) {
        candidates_.push_back({std::to_string(candidates_.size() + 1),
                               priority_of(transport, place), std::move(address), transport});
    };
    for (std::size_t i = 0; i < ports_.size(); ++i)
        offer(Transport::Udp, i, ports_[i]->udp().local());
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        const TcpListener* const tcp = ports_[i]->tcp();
        if (tcp != nullptr) offer(Transport::TcpPassive, i, tcp->local());
    }
}

IceLite::~IceLite() = default;

void IceLite::set_credentials(const IceCredentials& local, const std::string& remote_ufrag) {
    checks_.set_credentials(local, remote_ufrag);
}

bool IceLite::can_send(Timestamp now) const {
    return chosen_.line != nullptr && consents(now);
}

std::size_t IceLite::send(std::span<const std::span<const std::uint8_t>> datagrams, Timestamp now) {
    if (!can_send(now)) return 0;
    return chosen_.line->send(datagrams, chosen_.remote);
}

void IceLite::note_authentic(Timestamp now) {
    heard_ = std::max(heard_, now);
}

// ---- TCP

void IceLite::on_connection(int fd, const SocketAddress& peer) {
    if (connections_.size() == kMostConnections) {
        const auto idle = std::ranges::find_if(
            connections_, [&](const auto& connection) { return !proven(*connection); });
        if (idle == connections_.end()) {
            ++counters_.refused;
            close(fd);
            return;
        }
        drop(**idle);
    }
    connections_.push_back(std::make_unique<Connection>(fd, peer, *this));
    if (!prove_by_.running()) prove_by_.start_at(net_.clock().now() + kProof);
}

void IceLite::close_unproven() {
    const Timestamp now = net_.clock().now();
    std::vector<const Connection*> late;
    std::optional<Timestamp> next;
    for (const std::unique_ptr<Connection>& connection : connections_) {
        if (proven(*connection)) continue;
        const Timestamp due = connection->since + kProof;
        if (due <= now) {
            late.push_back(connection.get());
        } else if (!next) {
            next = due;  // they are in order
        }
    }
    for (const Connection* connection : late) drop(*connection);
    if (next) prove_by_.start_at(*next);
}

bool IceLite::proven(const Line& line) const {
    return std::ranges::find(paths_, &line, &Path::line) != paths_.end();
}

void IceLite::drop(const Connection& connection) {
    std::erase_if(paths_, [&](const Path& path) { return path.line == &connection; });
    if (chosen_.line == &connection) chosen_ = {};
    std::erase_if(connections_, [&](const auto& one) { return one.get() == &connection; });
}

void IceLite::on_line_datagram(TcpLine& line, const Datagram& datagram) {
    const auto whose =
        std::ranges::find(connections_, &line, [](const auto& c) { return &c->line; });
    receive(**whose, datagram);
}

void IceLite::on_line_closed(TcpLine& line) {
    const auto whose =
        std::ranges::find(connections_, &line, [](const auto& c) { return &c->line; });
    drop(**whose);
}

// ---- in

void IceLite::receive(Line& line, const Datagram& datagram) {
    if (kind_of(datagram.bytes) == DatagramKind::Stun) {
        receive_check(line, datagram);
    } else if (find(line, datagram.from) != nullptr && consents(datagram.arrival)) {
        reader_.on_ice_datagram(datagram);
    } else {
        ++counters_.unproven;
    }
}

void IceLite::receive_check(Line& line, const Datagram& datagram) {
    std::array<std::uint8_t, IceChecks::kMostAnswerBytes> answer;
    const IceChecks::Outcome outcome = checks_.answer(datagram.bytes, datagram.from, answer);
    if (outcome.answer_bytes > 0) {
        const std::span<const std::uint8_t> bytes = std::span(answer).first(outcome.answer_bytes);
        line.send(std::span(&bytes, 1), datagram.from);
    }
    if (!outcome.valid) {
        ++counters_.refused;
        return;
    }
    ++counters_.checks;
    heard_ = std::max(heard_, datagram.arrival);
    const Path& path = remember(line, datagram.from, datagram.arrival);
    const bool chosen = chosen_.line == path.line && chosen_.remote == path.remote;
    const bool better = chosen_.line == nullptr || outcome.nominates;
    if (better && !chosen) choose(path);
}

void IceLite::choose(const Path& path) {
    chosen_ = path;
    reader_.on_ice_path(chosen_.remote);
}

const IceLite::Path* IceLite::find(const Line& line, const SocketAddress& from) const {
    const auto found = std::ranges::find_if(
        paths_, [&](const Path& path) { return path.line == &line && path.remote == from; });
    return found == paths_.end() ? nullptr : &*found;
}

IceLite::Path& IceLite::remember(Line& line, const SocketAddress& from, Timestamp now) {
    auto found = std::ranges::find_if(
        paths_, [&](const Path& path) { return path.line == &line && path.remote == from; });
    if (found == paths_.end()) {
        if (paths_.size() == kMostPaths) {
            paths_.erase(std::ranges::min_element(paths_, {}, &Path::checked));
        }
        paths_.push_back({&line, from, now});
        found = paths_.end() - 1;
    }
    found->checked = now;
    return *found;
}

IceTransport::Counters IceLite::counters() const {
    Counters counters = counters_;
    for (const std::unique_ptr<Port>& port : ports_) {
        const UdpPort::Counters& socket = port->udp().counters();
        counters.no_room += socket.kernel_drops;
        counters.malformed += socket.truncated;
    }
    return counters;
}

}  // namespace mcu

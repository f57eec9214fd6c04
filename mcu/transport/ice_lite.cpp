#include "mcu/transport/ice_lite.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/invariant.h"
#include "mcu/transport/datagram_demux.h"

namespace mcu {

using common::Result;
using common::Timestamp;

namespace {

/// RFC 8445 5.1.2.1: of type host; the earlier address the better; component 1.
std::uint32_t priority_of(std::size_t place) {
    constexpr std::uint32_t kHost = 126;
    return kHost << 24U | (65'535U - static_cast<std::uint32_t>(place)) << 8U | (256U - 1U);
}

}  // namespace

Result<std::vector<std::unique_ptr<UdpPortPair>>> IceLite::open_ports(
    UdpPortRange& range, const std::vector<SocketAddress>& addresses) {
    std::vector<std::unique_ptr<UdpPortPair>> ports;
    for (const SocketAddress& address : addresses) {
        if (ports.size() == kMostAddresses) break;
        auto pair = range.open_pair(address, TrafficClass::Video);
        if (!pair) return common::fail_in("ICE on " + address.address(), std::move(pair.error()));
        ports.push_back(std::move(*pair));
    }
    return ports;
}

IceLite::IceLite(NetThread& net, std::vector<std::unique_ptr<UdpPortPair>> ports,
                 IceTransportReader& reader)
    : reader_(reader) {
    INVARIANT(!ports.empty());
    for (std::unique_ptr<UdpPortPair>& pair : ports) {
        const std::size_t place = ports_.size();
        auto port = std::make_unique<Port>();
        port->home = this;
        port->pair = std::move(pair);
        port->pair->rtp().attach(net, *port);
        candidates_.push_back(
            {std::to_string(place + 1), priority_of(place), port->pair->rtp().local()});
        ports_.push_back(std::move(port));
    }
}

void IceLite::set_credentials(const IceCredentials& local, const std::string& remote_ufrag) {
    checks_.set_credentials(local, remote_ufrag);
}

bool IceLite::can_send(Timestamp now) const {
    return chosen_.port != nullptr && consents(now);
}

std::size_t IceLite::send(std::span<const std::span<const std::uint8_t>> datagrams, Timestamp now) {
    if (!can_send(now)) return 0;
    return chosen_.port->pair->rtp().send(datagrams, chosen_.remote);
}

void IceLite::note_authentic(Timestamp now) {
    heard_ = std::max(heard_, now);
}

void IceLite::receive(Port& port, const Datagram& datagram) {
    if (kind_of(datagram.bytes) == DatagramKind::Stun) {
        receive_check(port, datagram);
    } else if (find(port, datagram.from) != nullptr && consents(datagram.arrival)) {
        reader_.on_ice_datagram(datagram);
    } else {
        ++counters_.unproven;
    }
}

void IceLite::receive_check(Port& port, const Datagram& datagram) {
    std::array<std::uint8_t, IceChecks::kMostAnswerBytes> answer;
    const IceChecks::Outcome outcome = checks_.answer(datagram.bytes, datagram.from, answer);
    if (outcome.answer_bytes > 0) {
        port.pair->rtp().send(std::span(answer).first(outcome.answer_bytes), datagram.from);
    }
    if (!outcome.valid) {
        ++counters_.refused;
        return;
    }
    ++counters_.checks;
    heard_ = std::max(heard_, datagram.arrival);
    const Path& path = remember(port, datagram.from, datagram.arrival);
    const bool chosen = chosen_.port == path.port && chosen_.remote == path.remote;
    const bool better = chosen_.port == nullptr || outcome.nominates;
    if (better && !chosen) choose(path);
}

void IceLite::choose(const Path& path) {
    chosen_ = path;
    reader_.on_ice_path(chosen_.remote);
}

const IceLite::Path* IceLite::find(const Port& port, const SocketAddress& from) const {
    const auto found = std::ranges::find_if(
        paths_, [&](const Path& path) { return path.port == &port && path.remote == from; });
    return found == paths_.end() ? nullptr : &*found;
}

IceLite::Path& IceLite::remember(Port& port, const SocketAddress& from, Timestamp now) {
    auto found = std::ranges::find_if(
        paths_, [&](const Path& path) { return path.port == &port && path.remote == from; });
    if (found == paths_.end()) {
        if (paths_.size() == kMostPaths) {
            paths_.erase(std::ranges::min_element(paths_, {}, &Path::checked));
        }
        paths_.push_back({&port, from, now});
        found = paths_.end() - 1;
    }
    found->checked = now;
    return *found;
}

IceTransport::Counters IceLite::counters() const {
    Counters counters = counters_;
    for (const std::unique_ptr<Port>& port : ports_) {
        const UdpPort::Counters& socket = port->pair->rtp().counters();
        counters.no_room += socket.kernel_drops;
        counters.malformed += socket.truncated;
    }
    return counters;
}

}  // namespace mcu

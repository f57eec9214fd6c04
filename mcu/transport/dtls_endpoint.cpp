#include "mcu/transport/dtls_endpoint.h"

#include <algorithm>
#include <utility>

namespace mcu {

using common::Duration;
using common::Timestamp;

namespace {
constexpr Duration kLeastWait = std::chrono::milliseconds(1);
}  // namespace

DtlsEndpoint::DtlsEndpoint(NetThread& net, const DtlsIdentity& identity, Config config, Send send,
                           DtlsObserver& observer)
    : net_(net),
      identity_(identity),
      config_(std::move(config)),
      send_(std::move(send)),
      observer_(observer),
      timer_(net, [this] { on_due(); }) {
    if (config_.role == DtlsRole::Client && config_.peer.valid()) call_peer();
}

std::unique_ptr<DtlsAssociation> DtlsEndpoint::associate(std::shared_ptr<const SocketAddress> to) {
    return std::make_unique<DtlsAssociation>(
        identity_, config_.role, config_.fingerprints,
        [this, to = std::move(to)](std::span<const std::uint8_t> datagram) {
            send_(datagram, *to);
        });
}

void DtlsEndpoint::call_peer() {
    callers_.push_back({config_.peer, associate(std::make_shared<SocketAddress>(config_.peer)),
                        net_.clock().now()});
    callers_.back().association->start();
    plan();
}

void DtlsEndpoint::receive(const Datagram& datagram) {
    const auto known = std::ranges::find(callers_, datagram.from, &Caller::from);
    if (known != callers_.end()) {
        known->association->receive(datagram.bytes);
        return follow(datagram.from);
    }
    if (established_ || config_.role == DtlsRole::Client) {
        ++counters_.dropped;
        return;
    }
    greet(datagram);
}

void DtlsEndpoint::greet(const Datagram& datagram) {
    const bool full = callers_.size() >= kMostCallers;
    const std::optional<std::size_t> leaves = full ? who_makes_room(datagram.from) : std::nullopt;
    if (full && !leaves) {
        ++counters_.dropped;
        return;
    }
    if (!door_) {
        door_to_ = std::make_shared<SocketAddress>();
        door_ = associate(door_to_);
    }
    *door_to_ = datagram.from;
    if (!door_->greet(datagram.bytes, datagram.from)) {
        ++counters_.dropped;
        return;
    }
    if (leaves) drop(*leaves, "made room for " + datagram.from.to_string());
    callers_.push_back({datagram.from, std::move(door_), net_.clock().now()});
    door_to_.reset();
    follow(datagram.from);
}

std::optional<std::size_t> DtlsEndpoint::who_makes_room(const SocketAddress& from) const {
    const Timestamp now = net_.clock().now();
    const bool signalled = from == config_.peer;
    const std::size_t own = callers_at_host_of(from);
    std::optional<std::size_t> crowded, dawdling, oldest;
    std::size_t most = own + 1;  // a host that has one more would only swap places with this one
    for (std::size_t i = 0; i < callers_.size(); ++i) {  // the oldest first
        const Caller& caller = callers_[i];
        if (caller.from == config_.peer || caller.association->showed_certificate()) continue;
        if (!oldest) oldest = i;
        const std::size_t there = callers_at_host_of(caller.from);
        const bool dawdles = now - caller.begun >= kMostDawdling;
        const bool fair = there > own || caller.from.with_port(0) == from.with_port(0);
        if (!dawdling && dawdles && fair) dawdling = i;
        if (there <= most) continue;
        most = there;
        crowded = i;
    }
    if (crowded) return crowded;
    return dawdling || !signalled ? dawdling : oldest;
}

std::size_t DtlsEndpoint::callers_at_host_of(const SocketAddress& address) const {
    const SocketAddress host = address.with_port(0);
    return static_cast<std::size_t>(std::ranges::count_if(
        callers_, [&](const Caller& caller) { return caller.from.with_port(0) == host; }));
}

void DtlsEndpoint::follow(const SocketAddress& from) {
    const auto caller = std::ranges::find(callers_, from, &Caller::from);
    if (caller == callers_.end()) return;
    const DtlsAssociation& association = *caller->association;
    if (association.state() == DtlsAssociation::State::Failed) {
        drop(static_cast<std::size_t>(caller - callers_.begin()), association.failure());
    } else if (association.state() == DtlsAssociation::State::Established && !established_) {
        established_ = true;
        Caller winner = std::move(*caller);
        callers_.clear();
        callers_.push_back(std::move(winner));
        door_.reset();
        timer_.stop();
        observer_.on_dtls_established(callers_.front().association->keys(), callers_.front().from);
        return;
    }
    plan();
}

void DtlsEndpoint::drop(std::size_t index, const std::string& why) {
    ++counters_.failed;
    const Caller gone = std::move(callers_[index]);
    callers_.erase(callers_.begin() + static_cast<std::ptrdiff_t>(index));
    if (gone.association->wrong_certificate()) ++counters_.wrong_certificates;
    observer_.on_dtls_failed(gone.from.to_string() + ": " + why);
}

void DtlsEndpoint::settle() {
    if (!established_) return;
    callers_.clear();
}

void DtlsEndpoint::on_due() {
    if (established_) return;
    const Timestamp now = net_.clock().now();
    std::size_t i = 0;
    while (i < callers_.size()) {
        DtlsAssociation& association = *callers_[i].association;
        association.on_due();
        if (association.state() == DtlsAssociation::State::Failed) {
            drop(i, association.failure());
        } else if (now - callers_[i].begun >= kLongest) {
            drop(i, "the handshake took too long");
        } else {
            ++i;
        }
    }
    plan();
}

void DtlsEndpoint::plan() {
    const Timestamp now = net_.clock().now();
    std::optional<Timestamp> next;
    for (const Caller& caller : callers_) {
        Timestamp due = caller.begun + kLongest;
        if (const auto left = caller.association->until_due()) {
            due = std::min(due, now + std::max<Duration>(*left, kLeastWait));
        }
        next = std::min(next.value_or(due), due);
    }
    if (next) {
        timer_.start_at(*next);
    } else {
        timer_.stop();
    }
}

}  // namespace mcu

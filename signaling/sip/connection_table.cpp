#include "signaling/sip/connection_table.h"

#include <algorithm>
#include <utility>

namespace signaling {
namespace {

// A caller says so within; before, nobody who spoke gives way.
constexpr common::Duration kToBecomeACall = std::chrono::seconds(10);

}  // namespace

ConnectionTable::ConnectionTable(Limits limits, Sockets sockets)
    : limits_(limits), sockets_(std::move(sockets)) {}

bool ConnectionTable::admit(const SocketPeer& peer, Socket socket, common::Timestamp now) {
    if (ending_.size() >= std::min(limits_.in_all, kEnding)) forget_closed();
    if (ending_.size() >= limits_.in_all) return false;
    const auto of_source = of_source_.find(peer.source);
    const std::size_t others = of_source == of_source_.end() ? 0 : of_source->second;
    if (others >= limits_.of_one_source && !make_place(now, &peer.source)) return false;
    if (connections_.size() >= limits_.in_all && !make_place(now, nullptr)) return false;
    // The former one of that address and port is gone, or the system had not made this one.
    if (const auto former = by_peer_.find(peer.host_port); former != by_peer_.end())
        forget(former->second);
    connections_.push_back({peer, socket, now});
    by_peer_.emplace(peer.host_port, std::prev(connections_.end()));
    ++of_source_[peer.source];
    return true;
}

// Of that source, or of all: who is gone, else the oldest that may be spared.
bool ConnectionTable::make_place(common::Timestamp now, const MessageSource* source) {
    std::size_t gone = 0;
    Place silent = connections_.end();
    Place without_call = connections_.end();
    for (Place each = connections_.begin(); each != connections_.end();) {
        if (source != nullptr && each->peer.source != *source) {
            ++each;
            continue;
        }
        if (!sockets_.is_open(each->socket)) {
            each = forget(each);
            ++gone;
            continue;
        }
        if (!each->heard && silent == connections_.end()) silent = each;
        if (!each->in_call && now - each->made > kToBecomeACall &&
            without_call == connections_.end()) {
            without_call = each;
        }
        ++each;
    }
    if (gone > 0) return true;
    if (ending_.size() >= kEnding) return false;
    const Place spared = silent != connections_.end() ? silent : without_call;
    if (spared == connections_.end()) return false;
    end(spared->socket);
    forget(spared);
    return true;
}

void ConnectionTable::end(const Socket& socket) {
    sockets_.end(socket);
    ending_.push_back(socket);
}

void ConnectionTable::forget_closed() {
    ending_.remove_if([this](const Socket& socket) { return !sockets_.is_open(socket); });
}

void ConnectionTable::heard(const std::string& host_port) {
    const auto one = by_peer_.find(host_port);
    if (one != by_peer_.end()) one->second->heard = true;
}

void ConnectionTable::refuse(const std::string& host_port) {
    const auto one = by_peer_.find(host_port);
    if (one == by_peer_.end()) return;
    end(one->second->socket);
    forget(one->second);
}

void ConnectionTable::tend(const std::unordered_set<std::string>& in_calls, common::Timestamp now) {
    forget_closed();
    for (Place each = connections_.begin(); each != connections_.end();) {
        if (!sockets_.is_open(each->socket)) {
            each = forget(each);
            continue;
        }
        each->in_call = in_calls.contains(each->peer.host_port);
        const bool late = !each->heard && now - each->made >= limits_.first_request;
        const bool idle =
            each->heard && !each->in_call && sockets_.silent_for(each->socket) >= limits_.idle;
        if (late || idle) {
            end(each->socket);
            each = forget(each);
            continue;
        }
        ++each;
    }
}

ConnectionTable::Place ConnectionTable::forget(Place place) {
    const auto source = of_source_.find(place->peer.source);
    if (--source->second == 0) of_source_.erase(source);
    by_peer_.erase(place->peer.host_port);
    return connections_.erase(place);
}

}  // namespace signaling

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "common/units.h"
#include "signaling/sip/socket_peer.h"

namespace signaling {

/// Bounds the TCP and TLS connections that others made to the SIP ports: how many, how long one may
/// be there before its first request (a TLS handshake included), and how long one without a call
/// may be silent. Pings count as life (RFC 5626 3.5.1).
///
/// When all places are taken, who has said nothing for longest gives way to the next, and after
/// them who has no call: a caller needs a place for a moment only to say so.
/// sofia closes what was ended one at a time, and seldom while it accepts: while `kEnding` are not
/// closed yet, nobody gives way and the next is refused.
/// Thread: one. Owner: borrows the sockets. Memory: at most `in_all` connections, and as many that
/// were ended.
class ConnectionTable {
  public:
    static constexpr std::size_t kEnding = 32;

    struct Limits {
        std::size_t in_all = 500;
        std::size_t of_one_source = 100;
        common::Duration first_request = std::chrono::seconds(15);
        common::Duration idle = std::chrono::seconds(180);
    };
    /// A socket, and what tells it from a later one with the same number.
    struct Socket {
        int descriptor = -1;
        std::uint64_t cookie = 0;
    };
    /// What is asked of the system.
    struct Sockets {
        std::function<bool(const Socket&)> is_open;
        /// How long nothing has come from the peer.
        std::function<common::Duration(const Socket&)> silent_for;
        /// Ends it in both directions; who owns it finds out, and closes it.
        std::function<void(const Socket&)> end;
    };

    ConnectionTable(Limits limits, Sockets sockets);

    /// Somebody connected. False: there is no place; close it.
    [[nodiscard]] bool admit(const SocketPeer& peer, Socket socket, common::Timestamp now);
    /// The headers of a message came over that connection. One that is not here is nobody's.
    void heard(const std::string& host_port);
    /// Ends it: what came over it was refused, and nobody reads on.
    void refuse(const std::string& host_port);
    /// Ends who is late. `in_calls`: the peers whose dialogs go over their connection.
    void tend(const std::unordered_set<std::string>& in_calls, common::Timestamp now);

    [[nodiscard]] std::size_t count() const { return connections_.size(); }

  private:
    struct Connection {
        SocketPeer peer;
        Socket socket;
        common::Timestamp made;
        bool heard = false;
        bool in_call = false;
    };
    using Place = std::list<Connection>::iterator;

    [[nodiscard]] bool make_place(common::Timestamp now, const MessageSource* source);
    void end(const Socket& socket);
    void forget_closed();
    Place forget(Place place);

    Limits limits_;
    Sockets sockets_;
    std::list<Connection> connections_;  // the one made last at the end
    std::list<Socket> ending_;
    std::unordered_map<std::string, Place> by_peer_;
    std::unordered_map<MessageSource, std::size_t, MessageSource::Hash> of_source_;
};

}  // namespace signaling

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "signaling/sip/connection_table.h"

namespace signaling {

/// Asks about each connection that the process accepts at one of the SIP ports.
///
/// sofia accepts whoever comes, and has no place to say no: the process has an `accept` of its own
/// before the system's, which closes whom `admit` does not want, as if it had hung up by itself.
/// Thread: the loop; one at a time lives.
class AcceptedSockets {
  public:
    using Admit = std::function<bool(const SocketPeer& peer, ConnectionTable::Socket socket)>;

    /// `listening`: "127.0.0.1:5060"; what is accepted elsewhere is left alone.
    AcceptedSockets(std::vector<std::string> listening, Admit admit);
    ~AcceptedSockets();
    AcceptedSockets(const AcceptedSockets&) = delete;
    AcceptedSockets& operator=(const AcceptedSockets&) = delete;

    [[nodiscard]] bool takes(int listener, int accepted) const;

  private:
    std::vector<std::string> listening_;
    Admit admit_;
};

/// What the table asks, asked of the system.
[[nodiscard]] ConnectionTable::Sockets system_sockets();

}  // namespace signaling

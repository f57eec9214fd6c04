#include "tests/support/tcp_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/invariant.h"

namespace tests {

TcpPeer::TcpPeer(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(port);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    INVARIANT(fd_ >= 0);
    INVARIANT(connect(fd_, reinterpret_cast<const sockaddr*>(&there), sizeof(there)) == 0);
}

TcpPeer::~TcpPeer() {
    close(fd_);
}

void TcpPeer::send(const std::vector<std::uint8_t>& bytes) const {
    INVARIANT(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
              static_cast<ssize_t>(bytes.size()));
}

std::vector<std::uint8_t> TcpPeer::read() {
    std::vector<std::uint8_t> all;
    std::array<std::uint8_t, 4096> some{};
    while (true) {
        const ssize_t got = recv(fd_, some.data(), some.size(), MSG_DONTWAIT);
        if (got > 0) {
            all.insert(all.end(), some.begin(), some.begin() + got);
            continue;
        }
        closed_ = closed_ || got == 0 || errno != EAGAIN;
        return all;
    }
}

bool TcpPeer::closed() {
    static_cast<void>(read());
    return closed_;
}

}  // namespace tests

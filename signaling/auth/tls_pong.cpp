#include "signaling/auth/tls_pong.h"

#include <dlfcn.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <cstddef>
#include <string_view>

namespace signaling {
namespace {

constexpr std::string_view kPing = "\r\n\r\n";
constexpr std::string_view kPong = "\r\n";
constexpr int kSentInTime = 4096;

bool answering = false;

// Nothing that sofia wrote waits to be written again: OpenSSL wants the same bytes then.
bool may_write(SSL* connection) {
    pollfd socket{SSL_get_fd(connection), POLLOUT, 0};
    int unsent = 0;
    return poll(&socket, 1, 0) == 1 && (socket.revents & POLLOUT) != 0 &&
           ioctl(socket.fd, SIOCOUTQ, &unsent) == 0 && unsent < kSentInTime;
}

// A message that is sent in pieces may have such a piece: a line end before a message of ours hurts
// nobody (RFC 3261 7.5).
void answer(SSL* connection, std::string_view piece) {
    while (piece.starts_with(kPing)) {
        piece.remove_prefix(kPing.size());
        if (!piece.empty() && !piece.starts_with(kPing)) return;
        if (!may_write(connection)) return;
        if (SSL_write(connection, kPong.data(), static_cast<int>(kPong.size())) <= 0) {
            ERR_clear_error();  // who reads next finds what is wrong
            return;
        }
    }
}

}  // namespace

void answer_pings_over_tls() {
    answering = true;
}

}  // namespace signaling

extern "C" __attribute__((visibility("default"))) int SSL_read(SSL* connection, void* buffer,
                                                               int bytes) {
    using Read = int(SSL*, void*, int);
    static auto* const real = reinterpret_cast<Read*>(dlsym(RTLD_NEXT, "SSL_read"));
    if (real == nullptr) return -1;
    const int got = real(connection, buffer, bytes);
    if (got > 0 && signaling::answering && SSL_is_server(connection) == 1) {
        signaling::answer(connection,
                          {static_cast<const char*>(buffer), static_cast<std::size_t>(got)});
    }
    return got;
}

#include "signaling/sip/accepted_sockets.h"

#include <dlfcn.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "common/invariant.h"

namespace signaling {
namespace {

const AcceptedSockets* asked = nullptr;

template <typename Value>
std::optional<Value> option_of(int descriptor, int level, int name) {
    Value value{};
    socklen_t bytes = sizeof value;
    if (getsockopt(descriptor, level, name, &value, &bytes) != 0) return std::nullopt;
    return value;
}

std::optional<SocketPeer> end_of(int descriptor, decltype(getsockname)* name) {
    sockaddr_storage address{};
    socklen_t bytes = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (name(descriptor, generic, &bytes) != 0) return std::nullopt;
    return socket_peer(generic);
}

// sofia asks for one at each turn of the loop; a flood would wait in the queue before callers.
constexpr int kRefusedAtOnce = 64;

bool has_next(int listener) {
    pollfd next{listener, POLLIN, 0};
    return poll(&next, 1, 0) == 1;
}

bool is_open(const ConnectionTable::Socket& socket) {
    return option_of<std::uint64_t>(socket.descriptor, SOL_SOCKET, SO_COOKIE) == socket.cookie;
}

}  // namespace

AcceptedSockets::AcceptedSockets(std::vector<std::string> listening, Admit admit)
    : listening_(std::move(listening)), admit_(std::move(admit)) {
    INVARIANT(asked == nullptr);
    asked = this;
}

AcceptedSockets::~AcceptedSockets() {
    asked = nullptr;
}

bool AcceptedSockets::takes(int listener, int accepted) const {
    const auto at = end_of(listener, getsockname);
    if (!at || std::ranges::find(listening_, at->host_port) == listening_.end()) return true;
    const auto peer = end_of(accepted, getpeername);
    const auto cookie = option_of<std::uint64_t>(accepted, SOL_SOCKET, SO_COOKIE);
    return peer && cookie && admit_(*peer, {accepted, *cookie});
}

ConnectionTable::Sockets system_sockets() {
    return {is_open,
            [](const ConnectionTable::Socket& socket) {
                const auto info = option_of<tcp_info>(socket.descriptor, IPPROTO_TCP, TCP_INFO);
                return std::chrono::milliseconds(info ? info->tcpi_last_data_recv : 0U);
            },
            [](const ConnectionTable::Socket& socket) {
                if (is_open(socket)) shutdown(socket.descriptor, SHUT_RDWR);
            }};
}

}  // namespace signaling

extern "C" __attribute__((visibility("default"))) int accept(int listener, sockaddr* address,
                                                             socklen_t* bytes) {
    using Accept = int(int, sockaddr*, socklen_t*);
    static auto* const real = reinterpret_cast<Accept*>(dlsym(RTLD_NEXT, "accept"));
    const socklen_t room = bytes == nullptr ? 0 : *bytes;
    for (int refused = 0; refused < signaling::kRefusedAtOnce; ++refused) {
        if (bytes != nullptr) *bytes = room;
        const int accepted = real(listener, address, bytes);
        if (accepted < 0 || signaling::asked == nullptr ||
            signaling::asked->takes(listener, accepted)) {
            return accepted;
        }
        close(accepted);
        if (!signaling::has_next(listener)) break;
    }
    errno = ECONNABORTED;
    return -1;
}

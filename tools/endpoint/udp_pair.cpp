#include "tools/endpoint/udp_pair.h"

#include <sys/socket.h>

#include <random>
#include <utility>

namespace endpoint {
namespace {

GSocket* bind_one(const std::string& host, int port) {
    GSocketAddress* address =
        g_inet_socket_address_new_from_string(host.c_str(), static_cast<guint>(port));
    if (address == nullptr) return nullptr;
    GSocket* socket = g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_DATAGRAM,
                                   G_SOCKET_PROTOCOL_UDP, nullptr);
    if (socket != nullptr) {
        // A whole key frame of a burst must fit while the thread is away.
        g_socket_set_option(socket, SOL_SOCKET, SO_RCVBUF, 1 << 20, nullptr);
        if (g_socket_bind(socket, address, FALSE, nullptr) == FALSE) g_clear_object(&socket);
    }
    g_object_unref(address);
    return socket;
}

}  // namespace

std::optional<UdpPair> UdpPair::bind(const std::string& host, int port) {
    std::random_device random;
    for (int attempt = 0; attempt < (port != 0 ? 1 : 200); ++attempt) {
        const int even = port != 0 ? port : 20000 + static_cast<int>(random() % 20000) * 2;
        GSocket* rtp = bind_one(host, even);
        GSocket* rtcp = rtp != nullptr ? bind_one(host, even + 1) : nullptr;
        if (rtcp != nullptr) return UdpPair(rtp, rtcp, even);
        if (rtp != nullptr) g_object_unref(rtp);
    }
    return std::nullopt;
}

UdpPair::~UdpPair() {
    if (rtp_ != nullptr) g_object_unref(rtp_);
    if (rtcp_ != nullptr) g_object_unref(rtcp_);
}

UdpPair::UdpPair(UdpPair&& other) noexcept
    : rtp_(std::exchange(other.rtp_, nullptr)),
      rtcp_(std::exchange(other.rtcp_, nullptr)),
      port_(other.port_) {}

UdpPair& UdpPair::operator=(UdpPair&& other) noexcept {
    std::swap(rtp_, other.rtp_);
    std::swap(rtcp_, other.rtcp_);
    std::swap(port_, other.port_);
    return *this;
}

}  // namespace endpoint

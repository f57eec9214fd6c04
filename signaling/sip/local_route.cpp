#include "signaling/sip/local_route.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace signaling {

std::string local_address_towards(const std::string& remote_address) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(remote_address.c_str(), "9", &hints, &found) != 0) return {};
    std::string local;
    // connect() of a datagram socket asks the routing table and sends nothing.
    const int descriptor = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_storage name{};
    socklen_t name_bytes = sizeof name;
    auto* const address = reinterpret_cast<sockaddr*>(&name);
    if (descriptor >= 0 && connect(descriptor, found->ai_addr, found->ai_addrlen) == 0 &&
        getsockname(descriptor, address, &name_bytes) == 0) {
        std::array<char, NI_MAXHOST> text{};
        if (getnameinfo(address, name_bytes, text.data(), text.size(), nullptr, 0,
                        NI_NUMERICHOST) == 0) {
            local = text.data();
        }
    }
    if (descriptor >= 0) close(descriptor);
    freeaddrinfo(found);
    return local;
}

std::string host_port(const std::string& address, std::uint16_t port) {
    const bool ipv6 = address.find(':') != std::string::npos;
    return (ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

}  // namespace signaling

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/units.h"

namespace tests {

/// A plain UDP socket on loopback, as a peer would have it; none of our transport code.
class UdpPeer {
  public:
    explicit UdpPeer(const std::string& address = "127.0.0.1");
    ~UdpPeer();
    UdpPeer(const UdpPeer&) = delete;
    UdpPeer& operator=(const UdpPeer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] const std::string& address() const { return address_; }
    void send(const std::vector<std::uint8_t>& bytes, std::uint16_t to_port,
              const std::string& to_address = {}) const;
    /// The next datagram that is here now.
    [[nodiscard]] std::optional<std::vector<std::uint8_t>> receive();
    /// Type-of-service octet of the datagram received last; -1: unknown.
    [[nodiscard]] int last_tos() const { return last_tos_; }
    /// Port that the datagram received last came from.
    [[nodiscard]] std::uint16_t last_port() const { return last_port_; }

  private:
    const std::string address_;
    int fd_ = -1;
    std::uint16_t port_ = 0;
    int last_tos_ = -1;
    std::uint16_t last_port_ = 0;
};

/// Open descriptors of this process.
[[nodiscard]] std::size_t open_descriptors();

}  // namespace tests

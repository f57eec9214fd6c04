#pragma once

#include <cstdint>
#include <vector>

namespace tests {

/// A TCP client of loopback, which waits for what it sends and never for what it reads.
///
/// Thread: one.
class TcpPeer {
  public:
    /// Connects to 127.0.0.1, or fails the test.
    explicit TcpPeer(std::uint16_t port);
    ~TcpPeer();
    TcpPeer(const TcpPeer&) = delete;
    TcpPeer& operator=(const TcpPeer&) = delete;

    void send(const std::vector<std::uint8_t>& bytes) const;
    /// What came since it was asked last.
    [[nodiscard]] std::vector<std::uint8_t> read();
    /// The other side ended it. Drops what came.
    [[nodiscard]] bool closed();

  private:
    const int fd_;
    bool closed_ = false;
};

}  // namespace tests

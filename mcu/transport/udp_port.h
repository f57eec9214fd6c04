#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "common/result.h"
#include "common/thread_checker.h"
#include "mcu/transport/net_thread.h"
#include "mcu/transport/receive_batch.h"
#include "mcu/transport/socket_address.h"

namespace mcu {

/// Who reads a port. Net thread.
class DatagramReader {
  public:
    virtual ~DatagramReader() = default;
    virtual void on_datagram(const Datagram& datagram) = 0;
};

/// What the routers on the way should know: DSCP EF (RFC 3246) and AF41 (RFC 2597), by RFC 8837.
enum class TrafficClass : std::uint8_t { Audio, Video };

/// One UDP socket of a net thread: reads batches, sends batches, counts.
///
/// Thread: `open` any thread; the rest its net thread alone, destruction too (once attached).
/// Errors: `open` fails with `AlreadyExists` when the port is taken, `Io` else. Later, whatever the
///         network says (ICMP, no route, a full buffer) is counted and harmless.
class UdpPort final : private FdHandler {
  public:
    struct Counters {
        std::uint64_t datagrams_in = 0, bytes_in = 0, datagrams_out = 0, bytes_out = 0;
        std::uint64_t truncated = 0;     ///< longer than we read; dropped
        std::uint64_t kernel_drops = 0;  ///< came while SO_RCVBUF was full
        std::uint64_t send_errors = 0;   ///< not sent: no route, full buffer, refused
    };

    /// The wildcard IPv6 address with `ipv4_too` gives a socket that speaks both.
    enum class Families : std::uint8_t { OwnOnly, Both };
    [[nodiscard]] static common::Result<std::unique_ptr<UdpPort>> open(const SocketAddress& local,
                                                                       Families families,
                                                                       TrafficClass traffic);
    ~UdpPort() override;
    UdpPort(const UdpPort&) = delete;
    UdpPort& operator=(const UdpPort&) = delete;

    /// From here on `reader` gets what arrives, until `detach` or destruction.
    void attach(NetThread& net, DatagramReader& reader);
    void detach();

    /// Sends to one address, in order. Returns how many the system took.
    std::size_t send(std::span<const std::span<const std::uint8_t>> datagrams,
                     const SocketAddress& to);
    bool send(std::span<const std::uint8_t> datagram, const SocketAddress& to) {
        return send(std::span(&datagram, 1), to) == 1;
    }

    [[nodiscard]] SocketAddress local() const { return SocketAddress::of_socket(fd_); }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    UdpPort(int fd, bool sends_as_ipv6);
    void on_readable() override;

    const int fd_;
    const bool sends_as_ipv6_;
    std::uint16_t port_ = 0;
    common::ThreadChecker net_thread_;
    NetThread* net_ = nullptr;
    DatagramReader* reader_ = nullptr;
    Counters counters_;
};

}  // namespace mcu

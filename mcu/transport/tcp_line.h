#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/result.h"
#include "common/thread_checker.h"
#include "mcu/transport/frame_reader.h"
#include "mcu/transport/net_thread.h"
#include "mcu/transport/receive_batch.h"
#include "mcu/transport/socket_address.h"

namespace mcu {

class TcpLine;

/// Who uses a TcpLine. Net thread.
class TcpLineReader {
  public:
    virtual ~TcpLineReader() = default;
    /// The line stays while this runs.
    virtual void on_line_datagram(TcpLine& line, const Datagram& datagram) = 0;
    /// The peer closed it, it broke, or what came was no RFC 4571. Last: destroy it here, or later.
    virtual void on_line_closed(TcpLine& line) = 0;
};

/// One accepted TCP connection that carries datagrams (RFC 4571), for media that find no way by
/// UDP.
///
/// Late:   what the kernel has no room for is dropped, datagram by datagram, as on a full link:
///         media that wait are worthless. Of one that went out in part the rest goes before what
///         is sent next.
/// Thread: its net thread alone.
class TcpLine final : private FdHandler {
  public:
    struct Counters {
        std::uint64_t datagrams_in = 0, datagrams_out = 0;
        std::uint64_t send_errors = 0;  ///< not sent: no room, or the connection is gone
    };

    /// Takes the descriptor, which is non-blocking.
    TcpLine(int fd, const SocketAddress& peer, NetThread& net, TcpLineReader& reader);
    ~TcpLine() override;
    TcpLine(const TcpLine&) = delete;
    TcpLine& operator=(const TcpLine&) = delete;

    /// In order. Returns how many the system took.
    std::size_t send(std::span<const std::span<const std::uint8_t>> datagrams);

    [[nodiscard]] const SocketAddress& peer() const { return peer_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    void on_readable() override;
    enum class Read : std::uint8_t { More, Nothing, Over };
    [[nodiscard]] Read read_once();
    [[nodiscard]] bool flush_rest();

    const int fd_;
    const SocketAddress peer_;
    NetThread& net_;
    TcpLineReader& reader_;
    common::ThreadChecker net_thread_;
    FrameReader frames_;
    std::vector<std::uint8_t> rest_;  ///< of a datagram that went out in part
    Counters counters_;
};

/// Who takes connections. Net thread.
class TcpAcceptor {
  public:
    virtual ~TcpAcceptor() = default;
    /// Non-blocking; the acceptor's from here on.
    virtual void on_connection(int fd, const SocketAddress& peer) = 0;
};

/// A listening TCP socket of a net thread. Out of descriptors, it looks again in a second.
///
/// Thread: `open` any thread; the rest its net thread alone, destruction too (once attached).
class TcpListener final : private FdHandler {
  public:
    /// Fails with `AlreadyExists` when the port is taken, `Io` else.
    [[nodiscard]] static common::Result<std::unique_ptr<TcpListener>> open(
        const SocketAddress& local);
    ~TcpListener() override;
    TcpListener(const TcpListener&) = delete;
    TcpListener& operator=(const TcpListener&) = delete;

    void attach(NetThread& net, TcpAcceptor& acceptor);
    [[nodiscard]] SocketAddress local() const { return SocketAddress::of_socket(fd_); }

  private:
    explicit TcpListener(int fd) : fd_(fd) {}
    void on_readable() override;

    const int fd_;
    NetThread* net_ = nullptr;
    TcpAcceptor* acceptor_ = nullptr;
    std::optional<Timer> look_again_;
};

}  // namespace mcu

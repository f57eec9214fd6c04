#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/units.h"
#include "mcu/transport/socket_address.h"

namespace mcu {

/// One datagram as read. `bytes` is scratch: valid, and writable in place (SRTP), until the reader
/// returns.
struct Datagram {
    std::span<std::uint8_t> bytes;
    const SocketAddress& from;
    common::Timestamp arrival;
};

/// Room for one recvmmsg: shared by all ports of a net thread, since a datagram is either dropped,
/// or copied once into what keeps it.
///
/// Thread: its net thread alone.
class ReceiveBatch {
  public:
    static constexpr std::size_t kDatagrams = 32;
    /// Larger than any MTU we see; a longer datagram arrives truncated and is dropped.
    static constexpr std::size_t kDatagramBytes = 2048;

    /// Reads what is there. Returns the number of datagrams, 0: nothing (more).
    std::size_t receive(int fd);
    [[nodiscard]] std::span<std::uint8_t> bytes(std::size_t i);
    [[nodiscard]] SocketAddress from(std::size_t i) const;
    [[nodiscard]] bool truncated(std::size_t i) const;
    /// Datagrams the kernel dropped at this socket since it was opened (SO_RXQ_OVFL), as said
    /// beside the newest datagram; nothing said: `previous`.
    [[nodiscard]] std::uint32_t kernel_drops(std::size_t count, std::uint32_t previous) const;

  private:
    struct alignas(cmsghdr) Control {
        std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint32_t))> bytes;
    };
    std::array<mmsghdr, kDatagrams> headers_{};
    std::array<iovec, kDatagrams> vectors_{};
    std::array<sockaddr_storage, kDatagrams> sources_{};
    std::array<Control, kDatagrams> controls_{};
    std::array<std::array<std::uint8_t, kDatagramBytes>, kDatagrams> buffers_{};
};

}  // namespace mcu

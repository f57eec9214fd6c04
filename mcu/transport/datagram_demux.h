#pragma once

#include <cstdint>
#include <span>

#include "mcu/transport/udp_port.h"

namespace mcu {

/// What shares a media port, told apart by the first byte (RFC 7983 7; RFC 9443 for QUIC).
enum class DatagramKind : std::uint8_t { Media, Stun, Dtls, Other };

/*           +----------------+
             |        [0..3] -+--> STUN
             |      [16..19] -+--> ZRTP            (other)
 first byte  |      [20..63] -+--> DTLS
             |      [64..79] -+--> TURN channel    (other)
             |    [128..191] -+--> RTP/RTCP
             +----------------+    else: other     */
[[nodiscard]] DatagramKind kind_of(std::span<const std::uint8_t> datagram);

/// Hands a port's datagrams to those who speak that protocol; what nobody speaks is counted and
/// dropped. RTP from RTCP is told by the session (RFC 5761).
///
/// Thread: net thread alone. Owner: borrows its readers.
class DatagramDemux final : public DatagramReader {
  public:
    struct Readers {
        DatagramReader* media = nullptr;
        DatagramReader* stun = nullptr;
        DatagramReader* dtls = nullptr;
    };
    struct Counters {
        std::uint64_t media = 0, stun = 0, dtls = 0, dropped = 0;
    };
    explicit DatagramDemux(Readers readers) : readers_(readers) {}
    void on_datagram(const Datagram& datagram) override;
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    void deliver(DatagramReader* reader, std::uint64_t& counter, const Datagram& datagram);

    const Readers readers_;
    Counters counters_;
};

}  // namespace mcu

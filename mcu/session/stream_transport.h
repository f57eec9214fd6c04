#pragma once

#include <bitset>
#include <cstdint>
#include <span>
#include <string>

#include "mcu/rtp/rtp_packet.h"
#include "mcu/session/media_config.h"
#include "mcu/transport/socket_address.h"

namespace mcu {

/// Gets what one medium's transport let in. Net thread.
class MediaTransportReader {
  public:
    virtual ~MediaTransportReader() = default;
    virtual void on_rtp_packet(RtpPacket packet) = 0;
    /// False: not RTCP that makes sense.
    virtual bool on_rtcp_datagram(std::span<const std::uint8_t> datagram,
                                  common::Timestamp arrival) = 0;
    /// For people: "DTLS-SRTP AEAD_AES_128_GCM" from now on, or why it is not.
    virtual void on_protection(const std::string& what) = 0;
    /// A packet of this or another medium came with a number on the transport they share; before
    /// `on_rtp_packet`.
    virtual void on_transport_packet(std::uint32_t /*ssrc*/, std::uint16_t /*transport_sequence*/,
                                     common::Timestamp /*arrival*/) {}
};

/// How one medium's packets get to the peer, and the peer's to us: by ports of its own
/// (MediaTransport), or with others' (BundledMedium). What comes in is the peer's, and clear.
///
/// Thread: net thread alone, construction and destruction too.
class StreamTransport {
  public:
    struct Peer {
        SocketAddress rtp, rtcp;  ///< none: not known
        bool rtcp_mux = false;
        friend bool operator==(const Peer&, const Peer&) = default;
    };
    virtual ~StreamTransport() = default;

    /// What else was agreed, where it matters here.
    virtual void set_media(const MediaConfig& /*config*/) {}
    virtual void set_peer(const Peer& peer) = 0;
    /// After `set_peer`. Repeating it is harmless; while DTLS makes new keys, the old ones serve.
    virtual void set_security(const MediaSecurity& security) = 0;
    virtual void set_known_types(const std::bitset<128>& types) = 0;
    virtual void relearn(common::Timestamp now) = 0;
    /// Lets answers in through a NAT or firewall before us.
    virtual void open_pinholes(common::Timestamp now) = 0;

    [[nodiscard]] virtual bool can_send(common::Timestamp now) const = 0;
    /// Returns how many went out; without a destination 0.
    virtual std::size_t send_rtp(std::span<const std::span<const std::uint8_t>> packets,
                                 common::Timestamp now) = 0;
    virtual bool send_rtcp(std::span<const std::uint8_t> datagram, common::Timestamp now) = 0;

    /// Where the peer is to send. Its address may be the wildcard.
    [[nodiscard]] virtual SocketAddress local_rtp() const = 0;
    [[nodiscard]] virtual std::uint16_t rtcp_port() const = 0;
    /// What came and went no further; of `DropCounts` those reasons that show here.
    [[nodiscard]] virtual DropCounts dropped() const = 0;
};

}  // namespace mcu

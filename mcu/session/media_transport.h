#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <span>

#include "mcu/rtp/packet_pool.h"
#include "mcu/rtp/rtp_packet.h"
#include "mcu/session/media_protection.h"
#include "mcu/session/source_lock.h"
#include "mcu/session/stream_transport.h"
#include "mcu/transport/datagram_demux.h"
#include "mcu/transport/udp_port_range.h"

namespace mcu {

/// One medium's two ports: lets in RTP and RTCP of the peer alone, and knows where to send.
///
/// Protected: what does not authenticate is dropped before anything else is learnt from it, and
///       nothing is sent before there are keys. An address that DTLS has proven counts as
///       signalled, for RTCP too, until signalling tells another.
/// RTCP: with rtcp-mux on the RTP port too (RFC 5761), from the locked source or the signalled
///       address. Else on the second port, from the signalled address, or from the first that
///       speaks RTCP at the host that RTP comes from.
/// Thread: net thread alone, construction and destruction too.
/// Owner:  owns its ports; borrows pool and reader.
class MediaTransport final : public StreamTransport, private MediaProtectionObserver {
  public:
    struct Counters {
        std::uint64_t bad_rtp = 0;    ///< not parsable, or over 1500 bytes
        std::uint64_t misplaced = 0;  ///< RTP on the RTCP port, RTCP on an RTP port without mux
        std::uint64_t foreign_rtcp = 0;
        std::uint64_t foreign_rtp = 0;  ///< protected media, not even looked at
        std::uint64_t no_buffer = 0;    ///< the pool was empty
    };

    /// Without an identity there is no DTLS.
    MediaTransport(NetThread& net, PacketPool& pool, const DtlsIdentity* identity,
                   std::unique_ptr<UdpPortPair> ports, MediaTransportReader& reader);
    MediaTransport(const MediaTransport&) = delete;
    MediaTransport& operator=(const MediaTransport&) = delete;

    void set_peer(const Peer& peer) override;
    void set_security(const MediaSecurity& security) override;
    void set_known_types(const std::bitset<128>& types) override { known_types_ = types; }
    void relearn(common::Timestamp now) override;
    /// An empty datagram on each port (RFC 6263 4.1): the NAT or firewall before us lets answers
    /// in.
    void open_pinholes(common::Timestamp now) override;

    [[nodiscard]] bool can_send(common::Timestamp now) const override {
        return protection_.may_send() && source_lock_.destination(now).valid();
    }
    std::size_t send_rtp(std::span<const std::span<const std::uint8_t>> packets,
                         common::Timestamp now) override;
    bool send_rtcp(std::span<const std::uint8_t> datagram, common::Timestamp now) override;

    [[nodiscard]] SocketAddress local_rtp() const override { return ports_->rtp().local(); }
    [[nodiscard]] std::uint16_t rtcp_port() const override { return ports_->rtcp().port(); }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] DropCounts dropped() const override;

  private:
    /// Tells which port a datagram came to.
    struct PortReader final : DatagramReader {
        explicit PortReader(void (MediaTransport::*handler_in)(const Datagram&), MediaTransport& t)
            : handler(handler_in), transport(t) {}
        void on_datagram(const Datagram& datagram) override { (transport.*handler)(datagram); }
        void (MediaTransport::*handler)(const Datagram&);
        MediaTransport& transport;
    };

    void send_dtls(MediaPort port, std::span<const std::uint8_t> datagram,
                   const SocketAddress& to) override;
    void on_keys(MediaPort port, const std::string& what, const SocketAddress& from) override;
    void on_no_keys(const std::string& why) override;

    void on_rtp_port(const Datagram& datagram);
    void on_rtcp_port(const Datagram& datagram);
    void on_rtp_port_dtls(const Datagram& datagram);
    void on_rtcp_port_dtls(const Datagram& datagram);
    void receive_rtp(const Datagram& datagram);
    bool receive_rtcp(MediaPort port, const Datagram& datagram);
    [[nodiscard]] SocketAddress rtcp_destination(common::Timestamp now) const;
    [[nodiscard]] bool may_send_rtcp_to_us(const SocketAddress& from) const;

    PacketPool& pool_;
    MediaTransportReader& reader_;
    Peer peer_;
    SocketAddress proven_;  ///< by DTLS, while signalling told `proven_as_`
    Peer proven_as_;
    SourceLock source_lock_;
    SocketAddress rtcp_source_;  ///< who spoke valid RTCP last; none else but the signalled may
    std::bitset<128> known_types_;
    MediaProtection protection_;
    PortReader rtp_reader_, rtcp_reader_, rtp_dtls_reader_, rtcp_dtls_reader_;
    DatagramDemux rtp_demux_, rtcp_demux_;
    std::unique_ptr<UdpPortPair> ports_;
    Counters counters_;
};

}  // namespace mcu

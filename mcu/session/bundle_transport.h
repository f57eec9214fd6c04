#pragma once

#include <memory>
#include <vector>

#include "mcu/rtp/packet_pool.h"
#include "mcu/session/bundle_demux.h"
#include "mcu/session/media_protection.h"
#include "mcu/session/stream_transport.h"
#include "mcu/transport/ice_lite.h"

namespace mcu {

class BundledMedium;

/// The one transport of a WebRTC peer (RFC 9143): ICE finds it, DTLS gives the keys, and each RTP
/// packet goes to the medium whose it is. RTCP goes to all media: each takes what is about it.
///
/// DTLS:   is between us and whoever ICE found; another path goes on with the same keys.
/// Thread: net thread alone, construction and destruction too.
/// Owner:  owns its ports; borrows net thread, pool, identity. Its BundledMedium go before it.
class BundleTransport final : private IceTransportReader, private MediaProtectionObserver {
  public:
    /// `ports` by IceLite::open_ports. Without an identity there is no DTLS.
    BundleTransport(NetThread& net, PacketPool& pool, const DtlsIdentity* identity,
                    std::vector<IcePort> ports);
    BundleTransport(const BundleTransport&) = delete;
    BundleTransport& operator=(const BundleTransport&) = delete;

    /// Repeating it is harmless.
    void configure(const BundleConfig& config);
    [[nodiscard]] const std::vector<IceHostCandidate>& candidates() const {
        return ice_.candidates();
    }

  private:
    friend class BundledMedium;
    struct Counters {
        std::uint64_t malformed = 0, unrouted = 0, no_buffer = 0;
    };

    void join(BundledMedium& medium);
    void leave(BundledMedium& medium);
    void follow_media();
    void set_security(const MediaSecurity& security);
    void follow_security();
    [[nodiscard]] bool can_send(common::Timestamp now) const;
    std::size_t send_rtp(std::span<const std::span<const std::uint8_t>> packets,
                         common::Timestamp now);
    bool send_rtcp(std::span<const std::uint8_t> datagram, common::Timestamp now);
    [[nodiscard]] DropCounts dropped_for(const BundledMedium& medium) const;

    void on_ice_datagram(const Datagram& datagram) override;
    void on_ice_path(const SocketAddress& to) override;
    void send_dtls(MediaPort port, std::span<const std::uint8_t> datagram,
                   const SocketAddress& to) override;
    void on_keys(MediaPort port, const std::string& what, const SocketAddress& from) override;
    void on_no_keys(const std::string& why) override;

    void receive_rtp(const Datagram& datagram);
    void receive_rtcp(const Datagram& datagram);
    void route(RtpPacket packet);

    NetThread& net_;
    PacketPool& pool_;
    const SocketAddress peer_;  ///< stands for whoever ICE found
    HeaderExtensionIds extensions_;
    std::vector<BundledMedium*> media_;
    BundleDemux demux_;
    MediaSecurity security_;
    bool path_known_ = false;
    MediaProtection protection_;
    Counters counters_;
    IceLite ice_;
};

/// One medium's share of a BundleTransport.
class BundledMedium final : public StreamTransport {
  public:
    /// Borrows both.
    BundledMedium(BundleTransport& bundle, const MediaConfig& config, MediaTransportReader& reader);
    ~BundledMedium() override;
    BundledMedium(const BundledMedium&) = delete;
    BundledMedium& operator=(const BundledMedium&) = delete;

    /// The SSRCs and feedback that were agreed.
    void set_media(const MediaConfig& config) override;
    void set_peer(const Peer& /*peer*/) override {}  // ICE knows better
    void set_security(const MediaSecurity& security) override { bundle_.set_security(security); }
    void set_known_types(const std::bitset<128>& types) override;
    void relearn(common::Timestamp /*now*/) override {}
    void open_pinholes(common::Timestamp /*now*/) override {}
    [[nodiscard]] bool can_send(common::Timestamp now) const override {
        return bundle_.can_send(now);
    }
    std::size_t send_rtp(std::span<const std::span<const std::uint8_t>> packets,
                         common::Timestamp now) override {
        return bundle_.send_rtp(packets, now);
    }
    bool send_rtcp(std::span<const std::uint8_t> datagram, common::Timestamp now) override {
        return bundle_.send_rtcp(datagram, now);
    }
    [[nodiscard]] SocketAddress local_rtp() const override {
        return bundle_.candidates().front().address;
    }
    [[nodiscard]] std::uint16_t rtcp_port() const override { return local_rtp().port(); }
    [[nodiscard]] DropCounts dropped() const override { return bundle_.dropped_for(*this); }

  private:
    friend class BundleTransport;
    BundleTransport& bundle_;
    MediaTransportReader& reader_;
    BundleDemux::Medium routing_;
    bool tells_transport_ = false;  ///< its RTCP says which packets of the transport came
};

}  // namespace mcu

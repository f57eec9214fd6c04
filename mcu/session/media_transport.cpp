#include "mcu/session/media_transport.h"

#include <algorithm>
#include <utility>

namespace mcu {

using common::Timestamp;

namespace {
bool same_host(const SocketAddress& a, const SocketAddress& b) {
    return a.valid() && a.with_port(0) == b.with_port(0);
}
}  // namespace

MediaTransport::MediaTransport(NetThread& net, PacketPool& pool, const DtlsIdentity* identity,
                               std::unique_ptr<UdpPortPair> ports, MediaTransportReader& reader)
    : pool_(pool),
      reader_(reader),
      protection_(net, identity, *this),
      rtp_reader_(&MediaTransport::on_rtp_port, *this),
      rtcp_reader_(&MediaTransport::on_rtcp_port, *this),
      rtp_dtls_reader_(&MediaTransport::on_rtp_port_dtls, *this),
      rtcp_dtls_reader_(&MediaTransport::on_rtcp_port_dtls, *this),
      rtp_demux_({.media = &rtp_reader_, .dtls = &rtp_dtls_reader_}),
      rtcp_demux_({.media = &rtcp_reader_, .dtls = &rtcp_dtls_reader_}),
      ports_(std::move(ports)) {
    ports_->rtp().attach(net, rtp_demux_);
    ports_->rtcp().attach(net, rtcp_demux_);
}

void MediaTransport::set_peer(const Peer& peer) {
    if (peer_ == peer) return;  // an address that DTLS has proven stays
    peer_ = peer;
    // After a hold that told no address there is no new handshake, nor another proof.
    const bool proven = proven_.valid() && peer == proven_as_;
    source_lock_.set_signalled(proven ? proven_ : peer.rtp);
}

void MediaTransport::set_security(const MediaSecurity& security) {
    protection_.configure(security, {peer_.rtp, peer_.rtcp, peer_.rtcp_mux});
}

void MediaTransport::relearn(Timestamp now) {
    source_lock_.relearn(now);
    rtcp_source_ = {};
}

void MediaTransport::open_pinholes(Timestamp now) {
    const SocketAddress& rtp = source_lock_.destination(now);
    if (rtp.valid()) ports_->rtp().send(std::span<const std::uint8_t>(), rtp);
    const SocketAddress rtcp = rtcp_destination(now);
    if (rtcp.valid() && !peer_.rtcp_mux) ports_->rtcp().send(std::span<const std::uint8_t>(), rtcp);
}

std::size_t MediaTransport::send_rtp(std::span<const std::span<const std::uint8_t>> packets,
                                     Timestamp now) {
    const SocketAddress& to = source_lock_.destination(now);
    if (!to.valid()) return 0;
    if (!protection_.on()) return ports_->rtp().send(packets, to);
    std::size_t sent = 0;
    while (!packets.empty()) {
        const auto batch = packets.first(std::min(packets.size(), MediaProtection::kMostAtOnce));
        sent += ports_->rtp().send(protection_.seal_rtp(batch), to);
        packets = packets.subspan(batch.size());
    }
    return sent;
}

bool MediaTransport::send_rtcp(std::span<const std::uint8_t> datagram, Timestamp now) {
    const SocketAddress to = rtcp_destination(now);
    if (!to.valid()) return false;
    const MediaPort port = peer_.rtcp_mux ? MediaPort::Rtp : MediaPort::Rtcp;
    if (protection_.on()) datagram = protection_.seal_rtcp(port, datagram);
    if (datagram.empty()) return false;
    return (peer_.rtcp_mux ? ports_->rtp() : ports_->rtcp()).send(datagram, to);
}

SocketAddress MediaTransport::rtcp_destination(Timestamp now) const {
    const SocketAddress& rtp = source_lock_.destination(now);
    if (peer_.rtcp_mux) return rtp;
    if (rtp == peer_.rtp && peer_.rtcp.valid()) return peer_.rtcp;
    // Behind a NAT: where its RTCP comes from; until that is seen, beside its RTP (RFC 3550 11).
    if (rtcp_source_.valid()) return rtcp_source_;
    return rtp.valid() ? rtp.with_port(static_cast<std::uint16_t>(rtp.port() + 1)) : rtp;
}

void MediaTransport::on_rtp_port(const Datagram& datagram) {
    if (!is_rtcp(datagram.bytes)) {
        receive_rtp(datagram);
    } else if (!peer_.rtcp_mux) {
        ++counters_.misplaced;
    } else if (source_lock_.is_peer(datagram.from)) {
        receive_rtcp(MediaPort::Rtp, datagram);
    } else {
        ++counters_.foreign_rtcp;
    }
}

void MediaTransport::receive_rtp(const Datagram& datagram) {
    std::span<std::uint8_t> bytes = datagram.bytes;
    if (bytes.size() > kPacketBufferBytes) {
        ++counters_.bad_rtp;
        return;
    }
    if (protection_.on()) {
        // Whom nobody would hear costs no cipher, and cannot pass off a copy as the first of two.
        if (!source_lock_.may_come_from(datagram.from, datagram.arrival)) {
            ++counters_.foreign_rtp;
            return;
        }
        const auto clear = protection_.open_rtp(bytes);
        if (!clear) return;
        bytes = *clear;
    }
    PacketPtr buffer = pool_.take_copy(bytes, datagram.arrival);
    if (buffer == nullptr) {
        ++counters_.no_buffer;
        return;
    }
    auto packet = RtpPacket::parse(std::move(buffer));
    if (!packet) {
        ++counters_.bad_rtp;
        return;
    }
    const bool known_type = known_types_[packet->payload_type() & 0x7f];
    SourceLock::Admitted admitted =
        source_lock_.admit(std::move(*packet), known_type, datagram.from, datagram.arrival);
    if (admitted.first) reader_.on_rtp_packet(std::move(*admitted.first));
    if (admitted.second) reader_.on_rtp_packet(std::move(*admitted.second));
}

bool MediaTransport::receive_rtcp(MediaPort port, const Datagram& datagram) {
    if (!protection_.on()) return reader_.on_rtcp_datagram(datagram.bytes, datagram.arrival);
    const auto clear = protection_.open_rtcp(port, datagram.bytes);
    return clear && reader_.on_rtcp_datagram(*clear, datagram.arrival);
}

void MediaTransport::on_rtcp_port(const Datagram& datagram) {
    if (!is_rtcp(datagram.bytes)) {
        ++counters_.misplaced;
        return;
    }
    if (!may_send_rtcp_to_us(datagram.from)) {
        ++counters_.foreign_rtcp;
        return;
    }
    if (receive_rtcp(MediaPort::Rtcp, datagram)) rtcp_source_ = datagram.from;
}

bool MediaTransport::may_send_rtcp_to_us(const SocketAddress& from) const {
    if (from == peer_.rtcp) return true;
    if (rtcp_source_.valid()) return from == rtcp_source_;
    return same_host(source_lock_.locked() ? source_lock_.source() : source_lock_.signalled(),
                     from);
}

// ---- DTLS

void MediaTransport::on_rtp_port_dtls(const Datagram& datagram) {
    protection_.receive_dtls(MediaPort::Rtp, datagram);
}

void MediaTransport::on_rtcp_port_dtls(const Datagram& datagram) {
    protection_.receive_dtls(MediaPort::Rtcp, datagram);
}

void MediaTransport::send_dtls(MediaPort port, std::span<const std::uint8_t> datagram,
                               const SocketAddress& to) {
    (port == MediaPort::Rtp ? ports_->rtp() : ports_->rtcp()).send(datagram, to);
}

void MediaTransport::on_keys(MediaPort port, const std::string& what, const SocketAddress& from) {
    if (port == MediaPort::Rtcp) {
        rtcp_source_ = from;
        return;
    }
    proven_ = from;
    proven_as_ = peer_;
    source_lock_.set_signalled(from.valid() ? from : peer_.rtp);
    reader_.on_protection(what);
}

void MediaTransport::on_no_keys(const std::string& why) {
    reader_.on_protection(why);
}

DropCounts MediaTransport::dropped() const {
    DropCounts dropped;
    const auto add_port = [&](const UdpPort::Counters& port, const DatagramDemux::Counters& demux) {
        dropped.malformed += port.truncated + demux.dropped;
        dropped.no_room += port.kernel_drops;
    };
    add_port(ports_->rtp().counters(), rtp_demux_.counters());
    add_port(ports_->rtcp().counters(), rtcp_demux_.counters());
    dropped.foreign_address =
        counters_.foreign_rtp + counters_.foreign_rtcp + source_lock_.foreign_packets();
    dropped.misplaced = counters_.misplaced;
    dropped.malformed += counters_.bad_rtp;
    dropped.not_authentic = protection_.dropped_count();
    dropped.no_room += counters_.no_buffer;
    return dropped;
}

}  // namespace mcu

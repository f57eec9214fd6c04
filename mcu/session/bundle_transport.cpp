#include "mcu/session/bundle_transport.h"

#include <algorithm>
#include <array>
#include <utility>

#include "mcu/rtp/header_extensions.h"
#include "mcu/transport/datagram_demux.h"

namespace mcu {

using common::Timestamp;

BundleTransport::BundleTransport(NetThread& net, PacketPool& pool, const DtlsIdentity* identity,
                                 std::vector<IcePort> ports)
    : net_(net),
      pool_(pool),
      // As SDP says where there is no address yet (RFC 8840 4.1.1): only to be valid, and alike.
      peer_(*SocketAddress::parse("0.0.0.0", 9)),
      protection_(net, identity, *this),
      ice_(net, std::move(ports), *this) {}

void BundleTransport::configure(const BundleConfig& config) {
    extensions_ = config.extensions;
    ice_.set_credentials(config.local, config.remote.ufrag);
}

// ---- media

void BundleTransport::join(BundledMedium& medium) {
    media_.push_back(&medium);
    follow_media();
}

void BundleTransport::leave(BundledMedium& medium) {
    std::erase(media_, &medium);
    follow_media();
}

void BundleTransport::follow_media() {
    std::vector<BundleDemux::Medium> all;
    for (const BundledMedium* medium : media_) all.push_back(medium->routing_);
    demux_.set_media(std::move(all));
}

// ---- out

bool BundleTransport::can_send(Timestamp now) const {
    return protection_.on() && protection_.may_send() && ice_.can_send(now);
}

std::size_t BundleTransport::send_rtp(std::span<const std::span<const std::uint8_t>> packets,
                                      Timestamp now) {
    if (!can_send(now)) return 0;
    std::size_t sent = 0;
    while (!packets.empty()) {
        const auto batch = packets.first(std::min(packets.size(), MediaProtection::kMostAtOnce));
        sent += ice_.send(protection_.seal_rtp(batch), now);
        packets = packets.subspan(batch.size());
    }
    return sent;
}

bool BundleTransport::send_rtcp(std::span<const std::uint8_t> datagram, Timestamp now) {
    if (!can_send(now)) return false;
    const std::span<const std::uint8_t> sealed = protection_.seal_rtcp(MediaPort::Rtp, datagram);
    return !sealed.empty() && ice_.send(std::span(&sealed, 1), now) == 1;
}

// ---- in

void BundleTransport::on_ice_datagram(const Datagram& datagram) {
    switch (kind_of(datagram.bytes)) {
        case DatagramKind::Media:
            return is_rtcp(datagram.bytes) ? receive_rtcp(datagram) : receive_rtp(datagram);
        case DatagramKind::Dtls:
            return protection_.receive_dtls(MediaPort::Rtp,
                                            {datagram.bytes, peer_, datagram.arrival});
        case DatagramKind::Stun:
        case DatagramKind::Other:
            ++counters_.malformed;
    }
}

void BundleTransport::receive_rtcp(const Datagram& datagram) {
    const auto clear = protection_.open_rtcp(MediaPort::Rtp, datagram.bytes);
    if (!clear) return;
    ice_.note_authentic(datagram.arrival);
    bool valid = false;
    for (BundledMedium* medium : media_) {
        valid = medium->reader_.on_rtcp_datagram(*clear, datagram.arrival) || valid;
    }
    if (!valid) ++counters_.malformed;
}

void BundleTransport::receive_rtp(const Datagram& datagram) {
    if (datagram.bytes.size() > kPacketBufferBytes) {
        ++counters_.malformed;
        return;
    }
    const auto clear = protection_.open_rtp(datagram.bytes);
    if (!clear) return;
    ice_.note_authentic(datagram.arrival);
    PacketPtr buffer = pool_.take_copy(*clear, datagram.arrival);
    if (buffer == nullptr) {
        ++counters_.no_buffer;
        return;
    }
    auto packet = RtpPacket::parse(std::move(buffer));
    if (!packet) {
        ++counters_.malformed;
        return;
    }
    route(std::move(*packet));
}

void BundleTransport::route(RtpPacket packet) {
    HeaderExtensions said;
    if (packet.has_extension()) {
        said = read_header_extensions(packet.extension_profile(), packet.extension(), extensions_);
    }
    if (said.audio_level) packet.note_level(said.audio_level->minus_dbov);
    if (said.transport_sequence) {
        const auto teller = std::ranges::find(media_, true, &BundledMedium::tells_transport_);
        if (teller != media_.end()) {
            (*teller)->reader_.on_transport_packet(packet.ssrc(), *said.transport_sequence,
                                                   packet.arrival());
        }
    }
    const auto whose = demux_.find(said.mid, packet.ssrc(), packet.payload_type());
    if (!whose) {
        ++counters_.unrouted;
        return;
    }
    media_[*whose]->reader_.on_rtp_packet(std::move(packet));
}

void BundleTransport::on_ice_path(const SocketAddress& /*to*/) {
    path_known_ = true;
    follow_security();
}

// ---- DTLS

void BundleTransport::set_security(const MediaSecurity& security) {
    security_ = security;
    follow_security();
}

void BundleTransport::follow_security() {
    // Who calls needs to know that somebody is there; who is called can wait.
    const bool can_begin = path_known_ || security_.role == DtlsRole::Server;
    const SocketAddress peer = can_begin ? peer_ : SocketAddress();
    protection_.configure(security_, {.rtp = peer, .rtcp = peer, .rtcp_mux = true});
}

void BundleTransport::send_dtls(MediaPort /*port*/, std::span<const std::uint8_t> datagram,
                                const SocketAddress& /*to*/) {
    ice_.send(std::span(&datagram, 1), net_.clock().now());
}

void BundleTransport::on_keys(MediaPort /*port*/, const std::string& what,
                              const SocketAddress& /*from*/) {
    if (!media_.empty()) media_.front()->reader_.on_protection(what);
}

void BundleTransport::on_no_keys(const std::string& why) {
    if (!media_.empty()) media_.front()->reader_.on_protection(why);
}

/// What nobody can tell whose it is counts for the first.
DropCounts BundleTransport::dropped_for(const BundledMedium& medium) const {
    DropCounts dropped;
    if (media_.empty() || media_.front() != &medium) return dropped;
    const IceTransport::Counters ice = ice_.counters();
    dropped.foreign_address = ice.unproven;
    dropped.malformed = ice.malformed + counters_.malformed;
    dropped.not_authentic = ice.refused + protection_.dropped_count();
    dropped.other_source = counters_.unrouted;
    dropped.no_room = ice.no_room + counters_.no_buffer;
    return dropped;
}

BundledMedium::BundledMedium(BundleTransport& bundle, const MediaConfig& config,
                             MediaTransportReader& reader)
    : bundle_(bundle), reader_(reader) {
    routing_.mid = config.mid;
    bundle_.join(*this);
}

BundledMedium::~BundledMedium() {
    bundle_.leave(*this);
}

void BundledMedium::set_media(const MediaConfig& config) {
    tells_transport_ = config.feedback_transport_cc;
    routing_.ssrcs = config.remote_ssrcs;
    bundle_.follow_media();
}

void BundledMedium::set_known_types(const std::bitset<128>& types) {
    routing_.payload_types = types;
    bundle_.follow_media();
}

}  // namespace mcu

#include "mcu/session/media_protection.h"

#include <algorithm>
#include <utility>

#include "mcu/rtp/packet_pool.h"

namespace mcu {

using common::SrtpKey;

namespace {
using Kind = MediaSecurity::Kind;
constexpr std::size_t kSealedBytes = kPacketBufferBytes + kSrtpMostTrailerBytes;

std::uint64_t all_of(const SrtpReceiver::Counters& counters) {
    return counters.malformed + counters.forged + counters.replayed + counters.excess;
}
}  // namespace

/// Room for packets on their way out, one for all media of a net thread.
struct MediaProtection::Scratch {
    std::array<std::array<std::uint8_t, kSealedBytes>, kMostAtOnce> buffers;
    std::array<std::span<const std::uint8_t>, kMostAtOnce> sealed;
};

MediaProtection::MediaProtection(NetThread& net, const DtlsIdentity* identity,
                                 MediaProtectionObserver& observer)
    : net_(net), identity_(identity), observer_(observer), scratch_(net.shared<Scratch>()) {
    for (Leg& leg : legs_) leg.home = this;
    legs_[1].port = MediaPort::Rtcp;
}

void MediaProtection::configure(const MediaSecurity& security, const PeerPorts& peer) {
    const MediaSecurity before = std::exchange(security_, security);
    // On hold by the old means (RFC 3264 8.4) the peer has no address; it comes back with one.
    const PeerPorts peer_before =
        peer.rtp.valid() || before.kind != security.kind ? std::exchange(peer_, peer) : peer_;
    if (!(before == security_)) complaints_ = 0;
    switch (security_.kind) {
        case Kind::Sdes:
            for (Leg& leg : legs_) leg.dtls.reset();
            if (!(before == security_)) take_keys(before.send, before.receive);
            return;
        case Kind::Dtls: {
            if (before == security_ && peer_before == peer_) return;
            return start_dtls(peer_);
        }
        case Kind::None:
        case Kind::Pending:
            for (Leg& leg : legs_) retire(leg);
    }
}

// Those before are kept where they are the same: their roll-over counters must live on.
void MediaProtection::take_keys(const SrtpKey& send_before, const SrtpKey& receive_before) {
    Leg& leg = legs_[0];
    if (leg.sender == nullptr || !(send_before == security_.send)) {
        auto sender = SrtpSender::create(security_.send);
        leg.sender = sender ? std::move(*sender) : nullptr;
        if (!sender) complain(sender.error().message);
    }
    if (leg.receiver == nullptr || !(receive_before == security_.receive)) {
        if (leg.receiver) retired_ += all_of(leg.receiver->counters());
        auto receiver = SrtpReceiver::create(security_.receive);
        leg.receiver = receiver ? std::move(*receiver) : nullptr;
        if (!receiver) complain(receiver.error().message);
    }
    if (leg.sender && leg.receiver) {
        observer_.on_keys(
            MediaPort::Rtp,
            std::string("SRTP, keys by SDES, ") + common::srtp_suite_name(security_.send.suite()),
            {});
    }
}

void MediaProtection::start_dtls(const PeerPorts& peer) {
    start_dtls(legs_[0], peer.rtp);
    if (peer.rtcp_mux) {
        retire(legs_[1]);
    } else {
        start_dtls(legs_[1], peer.rtcp);
    }
}

void MediaProtection::start_dtls(Leg& leg, const SocketAddress& peer) {
    leg.dtls.reset();
    leg.dtls = std::make_unique<DtlsEndpoint>(
        net_, *identity_, DtlsEndpoint::Config{security_.role, security_.fingerprints, peer},
        [this, port = leg.port](std::span<const std::uint8_t> datagram, const SocketAddress& to) {
            observer_.send_dtls(port, datagram, to);
        },
        leg);
}

void MediaProtection::Leg::on_dtls_established(const SrtpKeyPair& keys, const SocketAddress& from) {
    auto new_sender = SrtpSender::create(keys.send);
    auto new_receiver = SrtpReceiver::create(keys.receive);
    if (!new_sender || !new_receiver) {
        return home->complain((new_sender ? new_receiver.error() : new_sender.error()).message);
    }
    if (receiver) home->retired_ += all_of(receiver->counters());
    sender = std::move(*new_sender);
    receiver = std::move(*new_receiver);
    home->observer_.on_keys(
        port, std::string("SRTP, keys by DTLS, ") + common::srtp_suite_name(keys.send.suite()),
        from);
}

void MediaProtection::Leg::on_dtls_failed(const std::string& why) {
    home->complain("DTLS with " + why);
}

void MediaProtection::complain(const std::string& why) {
    if (complaints_++ < kMostComplaints) observer_.on_no_keys(why);
}

void MediaProtection::retire(Leg& leg) {
    if (leg.receiver) retired_ += all_of(leg.receiver->counters());
    if (leg.dtls) retired_ += leg.dtls->counters().dropped;
    leg.sender.reset();
    leg.receiver.reset();
    leg.dtls.reset();
}

MediaProtection::Leg& MediaProtection::leg_of(MediaPort port) {
    const bool shared = security_.kind != Kind::Dtls || peer_.rtcp_mux;
    return legs_[port == MediaPort::Rtp || shared ? 0 : 1];
}

std::span<const std::span<const std::uint8_t>> MediaProtection::seal_rtp(
    std::span<const std::span<const std::uint8_t>> packets) {
    SrtpSender* sender = legs_[0].sender.get();
    std::size_t count = 0;
    for (const std::span<const std::uint8_t> packet : packets) {
        if (sender == nullptr || packet.size() > kPacketBufferBytes || count == kMostAtOnce) break;
        std::array<std::uint8_t, kSealedBytes>& buffer = scratch_.buffers[count];
        std::ranges::copy(packet, buffer.begin());
        const std::size_t bytes = sender->protect_rtp(buffer, packet.size());
        if (bytes > 0) scratch_.sealed[count++] = std::span(buffer).first(bytes);
    }
    return std::span(scratch_.sealed).first(count);
}

std::span<const std::uint8_t> MediaProtection::seal_rtcp(MediaPort port,
                                                         std::span<const std::uint8_t> datagram) {
    SrtpSender* sender = leg_of(port).sender.get();
    if (sender == nullptr || datagram.size() > kPacketBufferBytes) return {};
    std::array<std::uint8_t, kSealedBytes>& buffer = scratch_.buffers[0];
    std::ranges::copy(datagram, buffer.begin());
    return std::span(buffer).first(sender->protect_rtcp(buffer, datagram.size()));
}

std::optional<std::span<std::uint8_t>> MediaProtection::open_rtp(std::span<std::uint8_t> packet) {
    Leg& leg = legs_[0];
    if (!leg.receiver) {
        ++keyless_;
        return std::nullopt;
    }
    const auto clear = leg.receiver->open_rtp(packet);
    if (clear && leg.dtls) leg.dtls->settle();
    return clear;
}

std::optional<std::span<std::uint8_t>> MediaProtection::open_rtcp(MediaPort port,
                                                                  std::span<std::uint8_t> packet) {
    Leg& leg = leg_of(port);
    if (!leg.receiver) {
        ++keyless_;
        return std::nullopt;
    }
    const auto clear = leg.receiver->open_rtcp(packet);
    if (clear && leg.dtls) leg.dtls->settle();
    return clear;
}

void MediaProtection::receive_dtls(MediaPort port, const Datagram& datagram) {
    DtlsEndpoint* dtls = legs_[port == MediaPort::Rtp ? 0 : 1].dtls.get();
    if (dtls == nullptr) {
        ++keyless_;
        return;
    }
    dtls->receive(datagram);
}

std::uint64_t MediaProtection::dropped_count() const {
    std::uint64_t count = keyless_ + retired_;
    for (const Leg& leg : legs_) {
        if (leg.receiver) count += all_of(leg.receiver->counters());
        if (leg.dtls) count += leg.dtls->counters().dropped;
    }
    return count;
}

}  // namespace mcu

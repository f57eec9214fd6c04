#include "mcu/rtp/rtcp/compound.h"

#include "common/byte_reader.h"

namespace mcu {

namespace {

using Bytes = std::span<const std::uint8_t>;

// RFC 3550 6.4.1
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P| RC/FMT  |      PT       |  length in words, less one    |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
tl::expected<RtcpBlock, RtcpParseError> take_packet(Bytes& rest) {
    common::ByteReader reader(rest);
    const std::uint8_t flags = reader.u8();
    RtcpBlock packet;
    packet.count_or_format = flags & 0x1f;
    packet.type = reader.u8();
    const std::size_t body_bytes = 4U * reader.u16();
    if (reader.failed()) return tl::unexpected(RtcpParseError::TooShort);
    if (flags >> 6 != 2) return tl::unexpected(RtcpParseError::BadVersion);
    packet.body = reader.bytes(body_bytes);
    if (reader.failed()) return tl::unexpected(RtcpParseError::LengthMismatch);
    rest = rest.subspan(reader.position());

    if ((flags & 0x20) != 0) {
        // RFC 3550 6.4.1: only the last packet of a compound is padded, by whole words. Browsers
        // mark the one to three zeros that end transport feedback so, wherever it stands.
        const bool feedback =
            packet.type == static_cast<std::uint8_t>(RtcpType::TransportFeedback) &&
            packet.count_or_format == TransportFeedback::kFormat;
        if ((!rest.empty() && !feedback) || packet.body.empty()) {
            return tl::unexpected(RtcpParseError::BadPadding);
        }
        const std::size_t padding = packet.body.back();
        if (padding == 0 || (padding % 4 != 0 && !feedback) || padding > packet.body.size()) {
            return tl::unexpected(RtcpParseError::BadPadding);
        }
        packet.body = packet.body.first(packet.body.size() - padding);
    }
    return packet;
}

tl::expected<void, RtcpParseError> check(Bytes datagram) {
    if (datagram.size() < kRtcpHeaderBytes) return tl::unexpected(RtcpParseError::TooShort);
    // RFC 5761 4: what RTCP types can be, known or not.
    if (datagram[1] < 192 || datagram[1] > 223) return tl::unexpected(RtcpParseError::BadType);
    while (!datagram.empty()) {
        const auto packet = take_packet(datagram);
        if (!packet) return tl::unexpected(packet.error());
    }
    return {};
}

enum class Outcome : std::uint8_t { Handled, Bad, Unknown };

template <typename Packet>
Outcome hand_over(const RtcpBlock& packet, RtcpHandler& handler,
                  void (RtcpHandler::*on_packet)(const Packet&)) {
    const auto parsed = Packet::parse(packet);
    if (!parsed) return Outcome::Bad;
    (handler.*on_packet)(*parsed);
    return Outcome::Handled;
}

Outcome dispatch_transport_feedback(const RtcpBlock& packet, RtcpHandler& handler) {
    switch (packet.count_or_format) {
        case GenericNack::kFormat:
            return hand_over<GenericNack>(packet, handler, &RtcpHandler::on_generic_nack);
        case TemporaryBitrate::kRequestFormat:
            return hand_over<TemporaryBitrate>(packet, handler,
                                               &RtcpHandler::on_temporary_bitrate_request);
        case TemporaryBitrate::kNotificationFormat:
            return hand_over<TemporaryBitrate>(packet, handler,
                                               &RtcpHandler::on_temporary_bitrate_notification);
        case TransportFeedback::kFormat:
            return hand_over<TransportFeedback>(packet, handler,
                                                &RtcpHandler::on_transport_feedback);
        default:
            return Outcome::Unknown;
    }
}

Outcome dispatch(const RtcpBlock& packet, RtcpHandler& handler) {
    switch (static_cast<RtcpType>(packet.type)) {
        case RtcpType::SenderReport:
            return hand_over<SenderReport>(packet, handler, &RtcpHandler::on_sender_report);
        case RtcpType::ReceiverReport:
            return hand_over<ReceiverReport>(packet, handler, &RtcpHandler::on_receiver_report);
        case RtcpType::SourceDescription:
            return hand_over<SourceDescription>(packet, handler,
                                                &RtcpHandler::on_source_description);
        case RtcpType::Bye:
            return hand_over<Bye>(packet, handler, &RtcpHandler::on_bye);
        case RtcpType::TransportFeedback:
            return dispatch_transport_feedback(packet, handler);
        case RtcpType::PayloadFeedback:
            if (packet.count_or_format == PictureLossIndication::kFormat) {
                return hand_over<PictureLossIndication>(packet, handler,
                                                        &RtcpHandler::on_picture_loss_indication);
            }
            if (packet.count_or_format == FullIntraRequest::kFormat) {
                return hand_over<FullIntraRequest>(packet, handler,
                                                   &RtcpHandler::on_full_intra_request);
            }
            if (ReceiverEstimatedBitrate::is(packet)) {
                return hand_over<ReceiverEstimatedBitrate>(
                    packet, handler, &RtcpHandler::on_receiver_estimated_bitrate);
            }
            return Outcome::Unknown;
        case RtcpType::App:
        case RtcpType::ExtendedReport:
            break;
    }
    return Outcome::Unknown;
}

bool is_report(std::uint8_t type) {
    return type == static_cast<std::uint8_t>(RtcpType::SenderReport) ||
           type == static_cast<std::uint8_t>(RtcpType::ReceiverReport);
}

}  // namespace

tl::expected<void, RtcpParseError> parse_rtcp(std::span<const std::uint8_t> datagram,
                                              RtcpHandler& handler, RtcpCounters& counters) {
    ++counters.datagrams;
    if (auto whole = check(datagram); !whole) {
        ++counters.bad_datagrams;
        return whole;
    }
    if (!is_report(datagram[1])) ++counters.reduced_size;
    while (!datagram.empty()) {
        const Outcome outcome = dispatch(*take_packet(datagram), handler);
        if (outcome == Outcome::Bad) ++counters.bad_packets;
        if (outcome == Outcome::Unknown) ++counters.unknown_packets;
    }
    return {};
}

}  // namespace mcu

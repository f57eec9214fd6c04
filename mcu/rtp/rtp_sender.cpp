#include "mcu/rtp/rtp_sender.h"

#include "common/invariant.h"
#include "mcu/rtp/rtcp_session.h"
#include "mcu/rtp/rtp_clock.h"

namespace mcu {

RtpSender::RtpSender(RtcpSession& rtcp, Format format, common::Timestamp now)
    : rtcp_(rtcp),
      format_(format),
      ssrc_(rtcp.register_sender(*this)),
      // RFC 3711 3.3.1: a receiver that hears nothing before the first wrap would count the
      // roll-overs from there, and never open a packet. The lower half keeps the wrap far.
      next_sequence_(static_cast<std::uint16_t>(rtcp.random_u32() & 0x7fffU)),
      origin_rtp_time_(rtcp.random_u32()),
      origin_(now) {
    INVARIANT(format.clock_rate_hz > 0);
}

RtpSender::~RtpSender() {
    rtcp_.forget_sender(*this);
}

void RtpSender::set_format(Format format, common::Timestamp now) {
    INVARIANT(format.clock_rate_hz > 0);
    if (format.clock_rate_hz != format_.clock_rate_hz) {
        origin_rtp_time_ = rtp_time(now);
        origin_ = now;
    }
    format_ = format;
}

std::uint32_t RtpSender::rtp_time(common::Timestamp media_time) const {
    const std::int64_t ticks = rtp_ticks(media_time - origin_, format_.clock_rate_hz);
    return origin_rtp_time_ + static_cast<std::uint32_t>(ticks);
}

void RtpSender::stamp(std::span<std::uint8_t> datagram, bool marker, common::Timestamp media_time,
                      common::Timestamp now) {
    stamp_as(format_.payload_type, rtp_time(media_time), datagram, marker, now);
}

void RtpSender::stamp_as(std::uint8_t payload_type, std::uint32_t rtp_time,
                         std::span<std::uint8_t> datagram, bool marker, common::Timestamp now) {
    write_rtp_header({.payload_type = payload_type,
                      .marker = marker,
                      .sequence = next_sequence_++,
                      .rtp_time = rtp_time,
                      .ssrc = ssrc_},
                     datagram);
    ++report_packets_;
    report_octets_ += static_cast<std::uint32_t>(datagram.size() - kRtpHeaderBytes);
    ++packet_count_;
    byte_count_ += datagram.size();
    last_sent_ = now;
}

void RtpSender::take_back(std::uint16_t sequence, std::size_t packets, std::size_t bytes) {
    next_sequence_ = sequence;
    report_packets_ -= static_cast<std::uint32_t>(packets);
    report_octets_ -= static_cast<std::uint32_t>(bytes - packets * kRtpHeaderBytes);
    packet_count_ -= packets;
    byte_count_ -= bytes;
}

SenderInfo RtpSender::sender_info(common::Timestamp now, const NtpClock& ntp) const {
    return {.ssrc = ssrc_,
            .ntp = ntp.at(now),
            .rtp_time = rtp_time(now),
            .packet_count = report_packets_,
            .octet_count = report_octets_};
}

void RtpSender::change_ssrc(std::uint32_t ssrc) {
    ssrc_ = ssrc;
    report_packets_ = 0;
    report_octets_ = 0;
}

}  // namespace mcu

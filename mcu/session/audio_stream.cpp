#include "mcu/session/audio_stream.h"

#include <algorithm>

namespace mcu {

using common::Timestamp;

void AudioStream::set_inlet(mixer::AudioPlayout* playout) {
    net_thread_.check();
    if (playout_ == playout) return;
    playout_ = playout;
    if (playout_ != nullptr) playout_->reset();
}

void AudioStream::send(const OutgoingAudio& frame) {
    net_thread_.check();
    const Timestamp at = now();
    if (!may_send(at)) return;
    packer_.pack(frame, config().send.packet_ms,
                 [&](const OutgoingAudio& packet) { send_packet(packet, at); });
}

void AudioStream::send_packet(const OutgoingAudio& frame, Timestamp at) {
    std::array<std::uint8_t, kRtpHeaderBytes + AudioOutbox::kSlotBytes> storage;
    const auto datagram = std::span(storage).first(kRtpHeaderBytes + frame.payload.size());
    std::ranges::copy(frame.payload, datagram.subspan(kRtpHeaderBytes).begin());
    // RFC 3551 4.1: the marker on the first packet after silence.
    sender().stamp(datagram, frame.talk_spurt_start, frame.media_time, at);
    if (path() != nullptr) path()->on_sent(datagram.size() + kIpUdpHeaderBytes, false, at);
    const std::span<const std::uint8_t> packet = datagram;
    transport().send_rtp(std::span(&packet, 1), at);
}

std::optional<AudioStream::Heard> AudioStream::heard() const {
    net_thread_.check();
    const RtpReceiver* active = reception().active();
    if (playout_ == nullptr || active == nullptr) return std::nullopt;
    const std::optional<mixer::PlayoutPosition> position = playout_->position();
    if (!position) return std::nullopt;
    const auto sender_time = active->sender_time(position->rtp_time, position->clock_hz);
    if (!sender_time) return std::nullopt;
    return Heard{*sender_time, position->at};
}

void AudioStream::on_receive_formats() {
    codec_by_type_.fill(std::nullopt);
    for (const PayloadFormat& format : config().receive) {
        codec_by_type_[format.payload_type] = format.audio;
    }
    // Kept across re-INVITEs, so that a digit's repetitions are still known for what they are.
    if (digits_ && digits_clock_hz_ == config().telephone_event_clock_hz) return;
    digits_clock_hz_ = config().telephone_event_clock_hz;
    digits_.emplace(digits_clock_hz_);
}

void AudioStream::on_new_stream(std::uint32_t /*ssrc*/, Timestamp /*now*/) {
    if (playout_ != nullptr) playout_->reset();
    // Digits are told apart by RTP time, and the new stream's line begins anywhere.
    digits_.emplace(digits_clock_hz_);
}

void AudioStream::on_packet(RtpPacket packet, std::int64_t /*extended_sequence*/) {
    // 0 means that there are none, and is PCMU's payload type.
    const std::uint8_t event_type = config().telephone_event_pt;
    if (event_type != 0 && packet.payload_type() == event_type && digits_) {
        tell(digits_->receive(packet.payload(), packet.rtp_time(), packet.arrival()));
        return;
    }
    const std::optional<common::AudioCodec> codec = codec_by_type_[packet.payload_type()];
    if (!codec || playout_ == nullptr || packet.payload().empty()) return;
    std::optional<float> said_dbfs;
    if (const auto level = packet.minus_dbov()) said_dbfs = -static_cast<float>(*level);
    playout_->push({.codec = *codec,
                    .sequence = packet.sequence(),
                    .rtp_time = packet.rtp_time(),
                    .arrival = packet.arrival(),
                    .said_dbfs = said_dbfs,
                    .payload = packet.payload()});
}

void AudioStream::on_deadline(Timestamp at) {
    if (digits_) tell(digits_->poll(at));
}

std::optional<Timestamp> AudioStream::deadline() const {
    return digits_ ? digits_->next_deadline() : std::nullopt;
}

void AudioStream::tell(const std::optional<TelephoneEventReceiver::Digit>& digit) {
    if (digit) observer().on_dtmf(digit->digit, digit->duration);
}

}  // namespace mcu

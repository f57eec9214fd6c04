#pragma once

#include <array>
#include <optional>

#include "mcu/rtp/telephone_event.h"
#include "mcu/session/audio_outbox.h"
#include "mcu/session/frame_packer.h"
#include "mcu/session/media_stream.h"
#include "mixer/audio/audio_playout.h"

namespace mcu {

/// A session's sound: packets straight to the AudioPlayout, unordered, with their arrival time;
/// digits to the observer; encoded frames out, in packets as long as the peer wants.
///
/// Thread: net thread alone.
class AudioStream final : public MediaStream {
  public:
    using MediaStream::MediaStream;

    /// Null: received sound is dropped. The old one is not used any more when it returns.
    void set_inlet(mixer::AudioPlayout* playout);
    void send(const OutgoingAudio& frame);
    /// When what the sender's wall clock (RFC 3550 4) said at `sender_time` is heard.
    struct Heard {
        common::Duration sender_time{};
        common::Timestamp at;
    };
    /// Of the newest sound played; nothing before the first sender report.
    [[nodiscard]] std::optional<Heard> heard() const;

  private:
    void on_send_format() override {}
    void on_receive_formats() override;
    void on_new_stream(std::uint32_t ssrc, common::Timestamp now) override;
    void on_packet(RtpPacket packet, std::int64_t extended_sequence) override;
    void on_peer_wants_start(common::Timestamp /*now*/) override {}
    /// Sound is repaired by FEC and concealment: a packet sent again would come too late.
    void on_packets_missed(std::span<const std::uint16_t>, common::Timestamp) override {}
    void on_deadline(common::Timestamp now) override;
    [[nodiscard]] std::optional<common::Timestamp> deadline() const override;
    void send_packet(const OutgoingAudio& packet, common::Timestamp now);
    void tell(const std::optional<TelephoneEventReceiver::Digit>& digit);

    mixer::AudioPlayout* playout_ = nullptr;
    FramePacker packer_;
    std::array<std::optional<common::AudioCodec>, 128> codec_by_type_{};
    std::optional<TelephoneEventReceiver> digits_;
    int digits_clock_hz_ = 0;
};

}  // namespace mcu

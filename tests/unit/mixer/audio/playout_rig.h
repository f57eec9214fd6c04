#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "mixer/audio/audio_playout.h"
#include "mixer/codec/audio_codec.h"
#include "tests/support/tone_source.h"

namespace tests {

/// A sender who hums 440 Hz, one packet of 20 ms (or `packet_ticks` of them) at a time.
class HummingSender {
  public:
    explicit HummingSender(common::AudioCodec codec, std::uint16_t first_sequence = 1000,
                           std::uint32_t first_rtp_time = 5000)
        : sequence(first_sequence), rtp_time(first_rtp_time) {
        set_codec(codec);
    }
    void set_codec(common::AudioCodec codec) {
        packet.codec = codec;
        auto made = mixer::make_audio_encoder({.codec = codec});
        REQUIRE(made);
        encoder_ = std::move(*made);
    }
    /// The next packet. Its payload lives until the next call.
    const mixer::AudioPacket& next(common::Timestamp arrival) {
        payload_.assign(1275, 0);
        const auto tick = sine(440, amplitude, mixer::kTickSamples, position_);
        payload_.resize(encoder_->encode(tick, payload_));
        position_ += mixer::kTickSamples;
        packet.sequence = sequence++;
        packet.rtp_time = rtp_time;
        packet.arrival = arrival;
        packet.payload = payload_;
        rtp_time += static_cast<std::uint32_t>(mixer::rtp_clock_hz(packet.codec) / 50);
        return packet;
    }
    /// The sender's time goes on, and nothing is sent.
    void pause(int ticks) {
        rtp_time += static_cast<std::uint32_t>(ticks * mixer::rtp_clock_hz(packet.codec) / 50);
        position_ += static_cast<std::uint64_t>(ticks) * mixer::kTickSamples;
    }

    mixer::AudioPacket packet;
    std::uint16_t sequence;
    std::uint32_t rtp_time;
    double amplitude = 0.25;

  private:
    std::unique_ptr<mixer::AudioEncoder> encoder_;
    std::vector<std::uint8_t> payload_;
    std::uint64_t position_ = 0;
};

/// A playout, a tick that pulls it every 20 ms, and all that was heard.
class PlayoutRig {
  public:
    explicit PlayoutRig(mixer::AudioPlayout::Config config = {}) {
        auto made = mixer::AudioPlayout::create(
            config, std::array{common::AudioCodec::Opus, common::AudioCodec::G722,
                               common::AudioCodec::Pcmu, common::AudioCodec::Pcma});
        REQUIRE(made);
        playout = std::move(*made);
    }
    /// True when there was something to hear.
    bool tick() {
        now += mixer::kAudioTick;
        mixer::AudioFrame frame;
        const bool audible = playout->pull(now, frame);
        heard.insert(heard.end(), frame.samples.begin(), frame.samples.end());
        return audible;
    }
    /// Packets that arrive `before_tick` ahead of each tick.
    void run(HummingSender& sender, int ticks,
             common::Duration before_tick = std::chrono::milliseconds(5)) {
        for (int i = 0; i < ticks; ++i) {
            playout->push(sender.next(now + mixer::kAudioTick - before_tick));
            tick();
        }
    }
    [[nodiscard]] std::span<const float> last_ticks(std::size_t ticks) const {
        return std::span(heard).last(ticks * mixer::kTickSamples);
    }

    std::unique_ptr<mixer::AudioPlayout> playout;
    common::Timestamp now = common::Timestamp::from_ns(1'000'000'000'000);
    std::vector<float> heard;
};

}  // namespace tests

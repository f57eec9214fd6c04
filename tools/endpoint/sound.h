#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace endpoint {

enum class AudioCodec : std::uint8_t { Opus, G722, Pcmu, Pcma };

/// What SDP and RTP need to know of a codec.
struct AudioCodecFacts {
    AudioCodec codec;
    const char* option;    ///< on our command line
    const char* rtpmap;    ///< encoding name and clock, RFC 3551 and RFC 7587
    const char* encoding;  ///< the name alone
    int payload_type;      ///< static, or the one we offer
    int rtp_clock_hz;      ///< G.722 says 8000 and means 16000: RFC 3551 section 4.5.2
    int sample_rate_hz;
};
[[nodiscard]] std::span<const AudioCodecFacts> audio_codecs();
[[nodiscard]] const AudioCodecFacts& facts_of(AudioCodec codec);
[[nodiscard]] std::optional<AudioCodec> codec_by_option(std::string_view option);
[[nodiscard]] std::optional<AudioCodec> codec_by_encoding(std::string_view encoding);

enum class SoundPattern : std::uint8_t {
    Steady,     ///< one level: what SNR is measured by
    Syllables,  ///< the tone rises and falls four times a second, as speech does
    Bursts,     ///< 120 ms every 2 s, at a moment that everybody knows: what latency is measured by
    Friendly,   ///< a soft chord, for people
    Silent,
    Speech,  ///< what a codec takes for a voice; Opus as a phone sends it, with in-band FEC
    Noise,   ///< a quiet room: white noise at -60 dBFS, never the same as the others'
};

/// The frequency that is this identity's voice: 300 to 3324 Hz in steps of 48, within every codec's
/// band; neighbours in number lie far apart in sound.
[[nodiscard]] double tone_hz(std::uint32_t identity);

/// A burst's first packet within the loop. Ten identities take turns, so that bursts do not
/// overlap.
[[nodiscard]] int burst_packet(std::uint32_t identity);

inline constexpr int kLoopPackets = 100;  ///< of 20 ms
inline constexpr int kPacketsPerBurst = 6;

/// The loop as samples, mono, [-1, 1].
[[nodiscard]] std::vector<float> paint_sound(std::uint32_t identity, SoundPattern pattern,
                                             int sample_rate_hz);

/// Two seconds of sound, encoded once: packet n of the loop follows packet n-1, and 0 follows the
/// last. Immutable, shared by threads.
class SoundLoop {
  public:
    [[nodiscard]] static common::Result<SoundLoop> make(std::uint32_t identity,
                                                        SoundPattern pattern, AudioCodec codec);
    [[nodiscard]] std::span<const std::uint8_t> packet(int number) const {
        return packets_[static_cast<std::size_t>(number)];
    }

  private:
    SoundLoop() = default;
    std::vector<std::vector<std::uint8_t>> packets_;
};

/// Payloads back to samples at the codec's rate, by libavcodec. One thread at a time.
class SoundDecoder {
  public:
    explicit SoundDecoder(AudioCodec codec);
    ~SoundDecoder();
    SoundDecoder(SoundDecoder&&) noexcept;
    /// Mono, [-1, 1]; empty for what is no sound.
    [[nodiscard]] std::vector<float> decode(std::span<const std::uint8_t> payload);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace endpoint

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "common/media_types.h"
#include "common/result.h"
#include "common/units.h"

namespace mixer {

/// What was negotiated for one direction of a sound stream.
struct AudioFormat {
    common::AudioCodec codec = common::AudioCodec::Opus;
    int ptime_ms = 20;  ///< sending: 20 always, for now; receiving takes any length
    common::Bitrate bitrate = common::Bitrate::from_kbps(48);  ///< Opus only
    bool inband_fec = false;                                   ///< Opus useinbandfec=1
    bool dtx = false;                                          ///< Opus usedtx=1
    int expected_loss_percent = 0;  ///< Opus FEC strength; buckets 0, 5, 10, 20
    friend bool operator==(const AudioFormat&, const AudioFormat&) = default;
};

/// RTP clock of the codec in Hz: 48000 Opus, 8000 G.711 and, by RFC 3551 4.5.2's historical error,
/// 8000 G.722.
[[nodiscard]] int rtp_clock_hz(common::AudioCodec codec);

/// One source's decoder.
///
/// Shape:  out: mono float at 48 kHz (G.711 and G.722 are resampled inside, with state), any packet
/// length up to 120 ms. Thread: audio tick alone; allocates nothing after creation.
class AudioDecoder {
  public:
    virtual ~AudioDecoder() = default;
    /// Samples written to `out` (at least 5760 long); 0 when the packet is not decodable (counted
    /// by the caller).
    virtual std::size_t decode(std::span<const std::uint8_t> payload, std::span<float> out) = 0;
    /// The packet before `next` was lost and `next` is here: in-band FEC when it carries any, else
    /// concealment.
    virtual std::size_t decode_fec(std::span<const std::uint8_t> next, std::size_t lost_samples,
                                   std::span<float> out) = 0;
    /// True when `next` carries a copy of the packet before it.
    [[nodiscard]] virtual bool carries_fec(std::span<const std::uint8_t> next) const = 0;
    /// Nothing is here: conceals `samples`, rounded up to 2.5 ms. Opus goes on as noise: the caller
    /// fades a long gap.
    virtual std::size_t conceal(std::size_t samples, std::span<float> out) = 0;
    /// Length of a packet without decoding it, in samples at 48 kHz; 0 when unknown.
    [[nodiscard]] virtual std::size_t packet_samples(
        std::span<const std::uint8_t> payload) const = 0;
    /// How loud a packet is, in dBFS, told without decoding it; nothing when that is not known.
    /// Each packet in order, decoded or not. Costs a hundredth of `decode`.
    virtual std::optional<float> glance_dbfs(std::span<const std::uint8_t> /*payload*/) {
        return std::nullopt;
    }
    virtual void reset() = 0;
};

/// One distinct sound's encoder.
///
/// Shape:  in: one tick, 960 samples, 48 kHz mono; out: one RTP payload of 20 ms.
/// Thread: audio tick alone; allocates nothing after creation.
class AudioEncoder {
  public:
    virtual ~AudioEncoder() = default;
    /// Bytes written (0: DTX, send nothing). `out` is at least 1275 bytes.
    virtual std::size_t encode(std::span<const float> tick, std::span<std::uint8_t> out) = 0;
    /// The next frame must be decodable by someone who heard another encoder until now
    /// (Opus: OPUS_SET_PREDICTION_DISABLED for that frame).
    virtual void prepare_switch() = 0;
    /// The next frame continues what listeners heard from `from`, which has the same AudioFormat
    /// and whose last input was `previous_tick`: takes over its state, or one like it. Ends with
    /// `prepare_switch`.
    virtual void continue_from(const AudioEncoder& from, std::span<const float> previous_tick) = 0;
    /// From the next frame on its in-band FEC, where it has any, is for so much loss.
    virtual void expect_loss(int percent) = 0;
    /// So many ticks two encoders must have had equal input before a listener may move between them
    /// unheard.
    [[nodiscard]] virtual int equal_ticks_before_switch() const = 0;
};

[[nodiscard]] common::Result<std::unique_ptr<AudioDecoder>> make_audio_decoder(
    common::AudioCodec codec);
[[nodiscard]] common::Result<std::unique_ptr<AudioEncoder>> make_audio_encoder(
    const AudioFormat& format);

}  // namespace mixer

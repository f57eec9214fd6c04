#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "common/media_types.h"
#include "common/result.h"
#include "common/units.h"
#include "mixer/audio/audio_source.h"

namespace mixer {

/// One sound packet as it came from the net thread.
struct AudioPacket {
    common::AudioCodec codec =
        common::AudioCodec::Opus;  ///< by payload type: a peer may change it mid-stream
    std::uint16_t sequence = 0;
    std::uint32_t rtp_time = 0;
    common::Timestamp arrival{};
    std::optional<float> said_dbfs{};         ///< how loud its sender says it is (RFC 6464)
    std::span<const std::uint8_t> payload{};  ///< copied by `push`
};

struct AudioPlayoutCounters {
    std::uint64_t packets = 0, late = 0, duplicate = 0, overflow = 0, undecodable = 0;
    std::uint64_t concealed_ticks = 0, fec_packets = 0, resyncs = 0;
    /// Concealed: heard, but made up for what was lost or late. A pause of the sender is not, nor
    /// what FEC brought back, nor the silence that goes on when a packet of silence is lost. Played
    /// counts all, concealed sound too.
    std::uint64_t played_samples = 0, concealed_samples = 0;
    std::uint64_t removed_samples = 0, added_samples = 0;  ///< by time scaling
    common::Duration delay{};   ///< how long the sound now played had waited
    common::Duration target{};  ///< what `delay` should be in the mean, on a link without jitter
};

/// When a sender's sound is mixed: what was said at `rtp_time` begins at the tick's time `at`.
struct PlayoutPosition {
    std::uint32_t rtp_time = 0;
    int clock_hz = 0;  ///< of `rtp_time`
    common::Timestamp at{};
};

/// Reorders, decodes and conceals one participant's sound, pulled by the audio tick. It alone does
/// that: packets come in any order, with their arrival time.
///
/// Delay: follows the measured jitter, from `target_delay` (a link without any) up to below
/// `max_delay`. Where it is longer than needed, pitch periods are left out, where shorter,
/// repeated; a sender's clock that drifts is corrected in the same way.
///
/// Shape:  mono 48 kHz ticks out. Thread: `push` any one thread (net), `pull` audio tick alone.
/// Packets wait in a ring of fixed slots (64 packets,
///         1500 bytes each): neither end allocates. `reset` any thread: forgets everything (SSRC
///         change, hold).
/// Full:   the oldest packet goes.
class AudioPlayout final : public AudioSource {
  public:
    struct Config {
        common::Duration target_delay = std::chrono::milliseconds(15);
        common::Duration max_delay =
            std::chrono::milliseconds(200);  ///< more than this waiting: skip ahead to the target
    };
    /// Makes a decoder for each of the codecs, so that a switch mid-stream allocates nothing.
    static common::Result<std::unique_ptr<AudioPlayout>> create(
        Config config, std::span<const common::AudioCodec> codecs);
    ~AudioPlayout() override;

    void push(const AudioPacket& packet);
    void reset();
    bool pull(common::Timestamp now, AudioFrame& out) override;
    /// Leaves packets undecoded that say they are as soft as those before; see RestWatch.
    Pulled pull_unheard(common::Timestamp now, AudioFrame& out) override;
    [[nodiscard]] AudioPlayoutCounters counters() const;  // any thread
    /// Of the packet decoded last; nothing before the first one. Any thread.
    [[nodiscard]] std::optional<PlayoutPosition> position() const;

  private:
    void take_packets();

    struct Impl;
    explicit AudioPlayout(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer

#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "common/ids.h"
#include "common/result.h"
#include "common/units.h"
#include "mixer/audio/audio_mixer.h"
#include "mixer/codec/audio_codec.h"

namespace mixer {

/// Where a listener's sound goes: a session.
class AudioSink {
  public:
    virtual ~AudioSink() = default;
    /// Audio tick; neither blocks, allocates, nor logs: copy the payload into a slot of your own
    /// and wake your thread. An empty payload is a tick of DTX: time goes on.
    virtual void on_audio(std::span<const std::uint8_t> payload, common::Timestamp media_time) = 0;
};

struct AudioEncodeCounters {
    std::uint64_t encodes = 0;  ///< frames encoded, all encoders, and one more for most switches
    std::uint64_t shared_deliveries = 0, own_deliveries = 0, switches = 0;
    std::uint64_t encoders = 0;
};

/// One encode for all who hear the same (key: AudioFormat), and one per talker while it talks.
/// Moves a listener between the shared encoder and its own without a click (architecture.md,
/// section 2, Audio).
///
/// Thread: `tick` audio thread alone. Everything else control thread, effective at the next tick;
/// `remove_listener`
///         returns when its sink is not in use any more. Encoders are made on the control thread
///         (each listener owns one in reserve, so that a switch allocates nothing).
class AudioEncodeStage {
  public:
    AudioEncodeStage();
    ~AudioEncodeStage();
    [[nodiscard]] common::Result<void> add_listener(common::SourceId listener,
                                                    const AudioFormat& format, AudioSink& sink);
    /// Protects it against so much loss (`AudioFormat::expected_loss_percent`) from the next tick
    /// on, without a click: among those who hear the same it changes over to others' encoder. A
    /// format without FEC stays as it is.
    [[nodiscard]] common::Result<void> set_expected_loss(common::SourceId listener, int percent);
    void remove_listener(common::SourceId listener);
    /// A source without a listener's place is fine (a prompt), and so is a listener without a
    /// source (a recorder).
    void tick(const MixedTick& mixed, common::Timestamp media_time);
    [[nodiscard]] AudioEncodeCounters counters() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer

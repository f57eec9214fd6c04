#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "common/units.h"
#include "mixer/audio/audio_frame.h"
#include "mixer/audio/audio_source.h"
#include "mixer/audio/voice_treatment.h"

namespace mixer {

/// One source's part of a tick.
struct VoiceLevel {
    common::SourceId source;
    float level_dbfs = -127;  ///< RMS of this tick
    bool voice = false;       ///< the detector says speech
    bool heard = false;       ///< its sound is in the mix (not muted, not silent)
};

/// What listeners hear after one tick.
///
/// A source that is not `heard` listens to `everyone`; one that is listens to its own `mix_minus`.
struct MixedTick {
    const AudioFrame* everyone = nullptr;  ///< sum of all voices, limited
    std::span<const VoiceLevel> levels;    ///< in add order
    std::span<const AudioFrame* const>
        mix_for;  ///< per source, in add order: `everyone` or its own mix-minus
};

/// Sums the voices of one conference and gives each listener everyone else's (mix-minus).
///
/// Shape:  every AudioFrame is 20 ms, mono, float in [-1, 1], 48 kHz: 960 samples.
/// Thread: `tick` audio thread alone, where it neither blocks, allocates, nor logs. Everything else
/// control thread:
///         changes take effect at the next tick; `remove_source` returns when no tick uses the
///         source any more.
/// Owner:  borrows its sources; a source outlives its SourceId here.
/// Cost:   O(sources): the full sum is made once and each voice subtracted from it.
class AudioMixer {
  public:
    explicit AudioMixer(std::size_t max_sources = 256);
    ~AudioMixer();

    /// Fails with `LimitReached` beyond `max_sources`, `AlreadyExists` for an id that is there.
    [[nodiscard]] common::Result<void> add_source(common::SourceId id, AudioSource& source);
    void remove_source(common::SourceId id);
    /// A muted source is pulled (its playout must go on) but not mixed and never speaks.
    void set_muted(common::SourceId id, bool muted);
    /// Of all voices, those to come too. Off at first.
    void set_treatment(const VoiceTreatmentSettings& settings);

    /// Mixes the tick that ends at `now`. A source with no frame ready counts as silence. Valid
    /// until the next call.
    MixedTick tick(common::Timestamp now);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer

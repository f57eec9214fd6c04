#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/ids.h"
#include "common/units.h"
#include "mixer/audio/audio_mixer.h"

namespace mixer {

/// Ranks who spoke last, so that a cough moves nobody's tile: 2 s of speech make a speaker (at once
/// when nobody has spoken yet), and the speaker stays until another has spoken for 2 s.
///
/// Thread: audio tick calls `update` (no allocation after the first time it sees a source); it is
/// pure otherwise.
class SpeakerOrder {
  public:
    explicit SpeakerOrder(std::size_t max_sources = 256);
    ~SpeakerOrder();
    /// True when the order or the set of those now speaking changed.
    bool update(common::Timestamp now, std::span<const VoiceLevel> levels);
    /// Most recent speaker first; never-spoken sources are absent.
    [[nodiscard]] std::span<const common::SourceId> ranked() const;
    /// Who is speaking just now (for the border; short hysteresis of 0.3 s on, 1 s off).
    [[nodiscard]] std::span<const common::SourceId> speaking_now() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer

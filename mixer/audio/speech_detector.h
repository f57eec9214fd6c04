#pragma once

#include "mixer/audio/audio_frame.h"

namespace mixer {

inline constexpr float kSilenceDbfs = -127;

/// RMS of a tick in dB below full scale; kSilenceDbfs for digital silence.
[[nodiscard]] float level_dbfs(const AudioFrame& frame);

/// Says whether one source speaks: its level stands out of its own noise floor, which is followed
/// down quickly and up slowly. A steady hum counts as voice for some 20 s, then as noise.
///
/// Thread: audio tick alone; allocates nothing.
class SpeechDetector {
  public:
    /// Once a tick.
    bool update(float level_dbfs);
    [[nodiscard]] float noise_floor_dbfs() const { return floor_dbfs_; }

  private:
    float floor_dbfs_ = -60;
    int loud_ticks_ = 0;
    int hold_ticks_ = 0;
    int voice_ticks_ = 0;
};

}  // namespace mixer

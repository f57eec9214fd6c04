#pragma once

#include "mixer/audio/audio_frame.h"

namespace mixer {

/// Brings everybody's speech to one level, slowly: a voice 20 dB too soft is there in about 4 s.
/// Only speech moves it, and noise is never lifted above a faint level.
///
/// Shape:  in place, -12 to +24 dB. Thread: audio tick alone; allocates nothing.
class SlowGain {
  public:
    /// `voice`: somebody speaks in this tick.
    void process(AudioFrame& frame, bool voice);
    [[nodiscard]] float gain_db() const { return gain_db_; }

  private:
    void follow(float level_dbfs, bool voice);
    [[nodiscard]] float wanted_db() const;

    bool spoken_ = false;
    float speech_dbfs_ = 0;  ///< of syllables, lately
    float floor_dbfs_ = 0;   ///< of what is heard between them
    float gain_db_ = 0;
};

}  // namespace mixer

#pragma once

#include "mixer/audio/audio_frame.h"

namespace mixer {

/// Takes away what lies below speech: hum, rumble, a hand on the table, and any constant part.
/// Butterworth of second order at 80 Hz: 12 dB less at 40 Hz, less than 0.1 dB at 200 Hz.
///
/// Thread: its owner's; allocates nothing.
class HighPass {
  public:
    void process(AudioFrame& frame);

  private:
    float x1_ = 0, x2_ = 0, y1_ = 0, y2_ = 0;
};

}  // namespace mixer

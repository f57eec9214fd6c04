#pragma once

#include "mixer/audio/audio_frame.h"

namespace mixer {

/// Keeps a sum of voices within full scale: lowers the gain at once, raises it slowly, and rounds
/// off what the first two milliseconds of lowering let through. Without look-ahead, so without
/// delay.
///
/// Shape:  in place; |sample| < 1 afterwards, whatever came in. Below 0.9 and at rest: untouched.
/// Thread: its owner's. A copy goes on from the same gain.
class Limiter {
  public:
    void process(AudioFrame& frame);
    /// In force at the end of the last frame; 1 at rest.
    [[nodiscard]] float gain() const { return gain_; }

  private:
    float gain_ = 1;
};

}  // namespace mixer

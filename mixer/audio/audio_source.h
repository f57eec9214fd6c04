#pragma once

#include "common/units.h"
#include "mixer/audio/audio_frame.h"

namespace mixer {

/// Something heard in a mix: a participant's AudioPlayout, a prompt, a tone.
class AudioSource {
  public:
    virtual ~AudioSource() = default;
    /// Fills the tick that ends at `now`. False: nothing to hear (silence, and cheap for the
    /// mixer). Audio tick alone; neither blocks, allocates, nor logs.
    virtual bool pull(common::Timestamp now, AudioFrame& out) = 0;
};

}  // namespace mixer

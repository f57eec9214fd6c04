#pragma once

#include <cstdint>

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

    enum class Pulled : std::uint8_t {
        Nothing,
        Sound,
        Rest,  ///< as soft as it has been of late; `out` was not written
    };
    /// The same for a tick in which nobody hears a soft sound: a source that can tell softness at
    /// less cost than sound may answer `Rest`.
    virtual Pulled pull_unheard(common::Timestamp now, AudioFrame& out) {
        return pull(now, out) ? Pulled::Sound : Pulled::Nothing;
    }
};

}  // namespace mixer

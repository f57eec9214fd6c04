#pragma once

#include <atomic>
#include <memory>

#include "mixer/audio/audio_frame.h"
#include "mixer/audio/high_pass.h"
#include "mixer/audio/noise_suppressor.h"
#include "mixer/audio/slow_gain.h"

namespace mixer {

/// What is done to voices on their way into the mix. Off in a mixer until it is told otherwise.
struct VoiceTreatmentSettings {
    bool high_pass = false;
    bool noise_suppression = false;
    bool leveling = false;
    friend bool operator==(const VoiceTreatmentSettings&, const VoiceTreatmentSettings&) = default;
};

/// One voice's treatment: high-pass, noise suppression, slow gain.
///
/// Thread: `apply` control thread, effective at the next tick; `process` audio tick alone, where it
/// allocates nothing: a suppressor is made by the first `apply` that wants one, and kept.
class VoiceTreatment {
  public:
    void apply(const VoiceTreatmentSettings& settings);
    void process(AudioFrame& frame, bool voice);

  private:
    HighPass high_pass_;                                 // audio tick
    SlowGain slow_gain_;                                 // audio tick
    std::unique_ptr<NoiseSuppressor> owned_suppressor_;  // control thread
    std::atomic<NoiseSuppressor*> suppressor_{nullptr};  ///< null: off
    std::atomic<bool> passes_high_{false}, levels_{false};
};

}  // namespace mixer

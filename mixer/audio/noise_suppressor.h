#pragma once

#include <memory>

#include "common/result.h"
#include "mixer/audio/audio_frame.h"

namespace mixer {

/// Takes steady noise (a fan, a street, a bad microphone) out of one voice, by WebRTC's audio
/// processing. Music and steady tones are noise to it.
///
/// Shape:  in place; delays by some milliseconds. Learns the noise within about a second.
/// Thread: `create` any, then the audio tick alone; allocates nothing after creation.
class NoiseSuppressor {
  public:
    static common::Result<std::unique_ptr<NoiseSuppressor>> create();
    ~NoiseSuppressor();

    void process(AudioFrame& frame);

  private:
    struct Impl;
    explicit NoiseSuppressor(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer

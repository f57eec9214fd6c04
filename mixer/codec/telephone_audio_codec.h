#pragma once

#include <memory>

#include "mixer/codec/audio_codec.h"

namespace mixer {

/// G.711 (both laws, 8 kHz) and G.722 (64 kbit/s, 16 kHz) by spandsp, with its packet loss
/// concealment, resampled to and from 48 kHz.
[[nodiscard]] common::Result<std::unique_ptr<AudioDecoder>> make_telephone_decoder(
    common::AudioCodec codec);
[[nodiscard]] common::Result<std::unique_ptr<AudioEncoder>> make_telephone_encoder(
    common::AudioCodec codec);

}  // namespace mixer

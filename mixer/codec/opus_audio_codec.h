#pragma once

#include <memory>

#include "mixer/codec/audio_codec.h"

namespace mixer {

/// Opus (RFC 6716, RFC 7587) by libopus: mono, 48 kHz. Stereo packets are decoded to mono.
[[nodiscard]] common::Result<std::unique_ptr<AudioDecoder>> make_opus_decoder();
[[nodiscard]] common::Result<std::unique_ptr<AudioEncoder>> make_opus_encoder(
    const AudioFormat& format);

}  // namespace mixer

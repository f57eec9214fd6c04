#include "mixer/codec/audio_codec.h"

#include "mixer/codec/opus_audio_codec.h"
#include "mixer/codec/telephone_audio_codec.h"

namespace mixer {

int rtp_clock_hz(common::AudioCodec codec) {
    return codec == common::AudioCodec::Opus ? 48000 : 8000;
}

common::Result<std::unique_ptr<AudioDecoder>> make_audio_decoder(common::AudioCodec codec) {
    if (codec == common::AudioCodec::Opus) return make_opus_decoder();
    return make_telephone_decoder(codec);
}

common::Result<std::unique_ptr<AudioEncoder>> make_audio_encoder(const AudioFormat& format) {
    if (format.ptime_ms != 20) {
        return common::fail(common::ErrorCode::Unsupported, "only packets of 20 ms are sent");
    }
    if (format.codec == common::AudioCodec::Opus) return make_opus_encoder(format);
    return make_telephone_encoder(format.codec);
}

}  // namespace mixer

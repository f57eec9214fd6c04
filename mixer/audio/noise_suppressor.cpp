#include "mixer/audio/noise_suppressor.h"

#include <webrtc/modules/audio_processing/include/audio_processing.h>

#include <string>

namespace mixer {
namespace {

constexpr std::size_t kStep = kTickSamples / 2;  // it works on 10 ms

}  // namespace

struct NoiseSuppressor::Impl {
    std::unique_ptr<webrtc::AudioProcessing> processing;
    const webrtc::StreamConfig shape{kSampleRateHz, 1};
};

NoiseSuppressor::NoiseSuppressor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
NoiseSuppressor::~NoiseSuppressor() = default;

common::Result<std::unique_ptr<NoiseSuppressor>> NoiseSuppressor::create() {
    auto impl = std::make_unique<Impl>();
    impl->processing.reset(webrtc::AudioProcessing::Create());
    webrtc::AudioProcessing* const processing = impl->processing.get();
    const webrtc::ProcessingConfig shapes{{impl->shape, impl->shape, impl->shape, impl->shape}};
    const bool made =
        processing != nullptr && processing->Initialize(shapes) == 0 &&
        processing->noise_suppression()->set_level(webrtc::NoiseSuppression::kHigh) == 0 &&
        processing->noise_suppression()->Enable(true) == 0;
    if (!made) {
        return common::fail(common::ErrorCode::Internal, "cannot make a noise suppressor");
    }
    return std::unique_ptr<NoiseSuppressor>(new NoiseSuppressor(std::move(impl)));
}

void NoiseSuppressor::process(AudioFrame& frame) {
    for (std::size_t begin = 0; begin < kTickSamples; begin += kStep) {
        float* const samples = frame.samples.data() + begin;
        // In place is allowed; it fails for wrong shapes only, and then leaves the sound as it is.
        impl_->processing->ProcessStream(&samples, impl_->shape, impl_->shape, &samples);
    }
}

}  // namespace mixer

#include "mixer/audio/voice_treatment.h"

#include "common/log.h"

namespace mixer {

void VoiceTreatment::apply(const VoiceTreatmentSettings& settings) {
    passes_high_.store(settings.high_pass, std::memory_order_relaxed);
    levels_.store(settings.leveling, std::memory_order_relaxed);
    if (settings.noise_suppression && owned_suppressor_ == nullptr) {
        auto made = NoiseSuppressor::create();
        if (!made) LOG_WARNING("a voice goes with its noise: {}", made.error().message);
        if (made) owned_suppressor_ = std::move(*made);
    }
    suppressor_.store(settings.noise_suppression ? owned_suppressor_.get() : nullptr,
                      std::memory_order_release);
}

void VoiceTreatment::process(AudioFrame& frame, bool voice) {
    if (passes_high_.load(std::memory_order_relaxed)) high_pass_.process(frame);
    if (NoiseSuppressor* const suppressor = suppressor_.load(std::memory_order_acquire)) {
        suppressor->process(frame);
    }
    if (levels_.load(std::memory_order_relaxed)) slow_gain_.process(frame, voice);
}

}  // namespace mixer

#include "mcu/bridge/bridge_audio.h"

namespace mcu {

namespace {
constexpr std::size_t kMostSources = 512;        // reserved ahead, so that a tick never allocates
constexpr std::uint64_t kTicksPerLevelCopy = 5;  // levels for statistics, ten times a second
}  // namespace

BridgeAudio::BridgeAudio() : mixer_(kMostSources), order_(kMostSources) {
    newest_.ranked.reserve(kMostSources);
    newest_.speaking_now.reserve(kMostSources);
    newest_.levels.reserve(kMostSources);
}

void BridgeAudio::tick(common::Timestamp now, std::uint64_t index) {
    const mixer::MixedTick mixed = mixer_.tick(now);
    encoders_.tick(mixed, now);
    const bool changed = order_.update(now, mixed.levels);
    if (changed || index % kTicksPerLevelCopy == 0) copy_speakers(mixed.levels, changed);
}

void BridgeAudio::copy_speakers(std::span<const mixer::VoiceLevel> levels, bool changed) {
    const auto ranked = order_.ranked();
    const auto speaking = order_.speaking_now();
    // Held by the control thread for a copy of as many ids at most.
    common::MutexLock lock(mutex_);
    newest_.ranked.assign(ranked.begin(), ranked.end());
    newest_.speaking_now.assign(speaking.begin(), speaking.end());
    newest_.levels.assign(levels.begin(), levels.end());
    changed_ = changed_ || changed;
}

bool BridgeAudio::take_speaker_change(SpeakerSnapshot& speakers) {
    common::MutexLock lock(mutex_);
    if (!changed_) return false;
    changed_ = false;
    speakers = newest_;
    return true;
}

SpeakerSnapshot BridgeAudio::speakers() const {
    common::MutexLock lock(mutex_);
    return newest_;
}

}  // namespace mcu

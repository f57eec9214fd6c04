#include "mcu/bridge/bridge_audio.h"

#include "common/thread_cpu.h"

namespace mcu {

namespace {
constexpr std::size_t kMostSources = 512;        // reserved ahead, so that a tick never allocates
constexpr std::uint64_t kTicksPerLevelCopy = 5;  // levels for statistics, ten times a second
}  // namespace

BridgeAudio::BridgeAudio() : mixer_(kMostSources), order_(kMostSources) {
    newest_.prepare([](SpeakerSnapshot& slot) {
        slot.ranked.reserve(kMostSources);
        slot.speaking_now.reserve(kMostSources);
        slot.levels.reserve(kMostSources);
    });
}

void BridgeAudio::tick(common::Timestamp now, std::uint64_t index) {
    const common::ThreadCpuScope cpu(cpu_ns_);
    const mixer::MixedTick mixed = mixer_.tick(now);
    encoders_.tick(mixed, now);
    const bool changed = order_.update(now, mixed.levels);
    if (changed || index % kTicksPerLevelCopy == 0) copy_speakers(mixed.levels, changed);
}

void BridgeAudio::copy_speakers(std::span<const mixer::VoiceLevel> levels, bool changed) {
    const auto ranked = order_.ranked();
    const auto speaking = order_.speaking_now();
    SpeakerSnapshot& next = newest_.writable();
    next.ranked.assign(ranked.begin(), ranked.end());
    next.speaking_now.assign(speaking.begin(), speaking.end());
    next.levels.assign(levels.begin(), levels.end());
    newest_.publish();
    if (changed) changed_.store(true, std::memory_order_release);
}

bool BridgeAudio::take_speaker_change(SpeakerSnapshot& speakers) {
    if (!changed_.exchange(false, std::memory_order_acq_rel)) return false;
    speakers = newest_.read();
    return true;
}

SpeakerSnapshot BridgeAudio::speakers() const {
    return newest_.read();
}

}  // namespace mcu

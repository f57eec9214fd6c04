#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "common/ids.h"
#include "mcu/bridge/newest_value.h"
#include "mcu/bridge/tick_thread.h"
#include "mixer/audio/audio_mixer.h"
#include "mixer/audio/speaker_order.h"
#include "mixer/encode/audio_encode_stage.h"

namespace mcu {

/// Who spoke, as of some recent tick.
struct SpeakerSnapshot {
    std::vector<common::SourceId> ranked;  ///< most recent first
    std::vector<common::SourceId> speaking_now;
    std::vector<mixer::VoiceLevel> levels;
};

/// The sound half of a bridge: at each tick it mixes, encodes once for all who hear the same, and
/// ranks who speaks.
///
/// Thread: `tick` audio tick; everything else control thread.
class BridgeAudio final : public TickClient {
  public:
    BridgeAudio();

    mixer::AudioMixer& mixer() { return mixer_; }
    mixer::AudioEncodeStage& encoders() { return encoders_; }
    [[nodiscard]] const mixer::AudioEncodeStage& encoders() const { return encoders_; }

    /// True once after each change of speakers, and then fills `speakers`. Polled by the control
    /// thread ten times a second: that is well below what the hysteresis of SpeakerOrder lets
    /// anyone notice.
    bool take_speaker_change(SpeakerSnapshot& speakers);
    /// The newest levels, for statistics.
    [[nodiscard]] SpeakerSnapshot speakers() const;

    void tick(common::Timestamp now, std::uint64_t index) override;
    /// CPU time of all ticks so far. Any thread.
    [[nodiscard]] common::Duration cpu() const {
        return common::Duration(cpu_ns_.load(std::memory_order_relaxed));
    }

  private:
    void copy_speakers(std::span<const mixer::VoiceLevel> levels, bool changed);

    mixer::AudioMixer mixer_;
    mixer::AudioEncodeStage encoders_;
    mixer::SpeakerOrder order_;                    // tick thread
    mutable NewestValue<SpeakerSnapshot> newest_;  ///< reading takes the slot that is newest
    std::atomic<bool> changed_{false};
    std::atomic<std::int64_t> cpu_ns_{0};
};

}  // namespace mcu

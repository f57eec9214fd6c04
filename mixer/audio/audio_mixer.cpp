#include "mixer/audio/audio_mixer.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/thread_checker.h"
#include "mixer/audio/limiter.h"
#include "mixer/audio/tick_plan.h"
#include "mixer/audio/voice.h"

namespace mixer {
namespace {

// Two limiters of equal input are the same to the ear when their gains differ by less than -80 dB.
constexpr float kSameGain = 1e-4F;

struct Slot {
    explicit Slot(common::SourceId id_) : id(id_), voice(id_) {}
    const common::SourceId id;
    Voice voice;                     // audio tick
    Limiter limiter;                 // audio tick; of its own mix
    bool own_mix = false;            // audio tick
    std::atomic<bool> faded{false};  ///< has left, and nothing of it is in the sum any more
};

struct Plan {
    struct Entry {
        Slot* slot = nullptr;
        AudioSource* source = nullptr;  ///< null: has left
    };
    std::vector<Entry> present;  ///< in add order
    std::vector<Entry> leaving;
    std::vector<AudioFrame*> own_mixes;  ///< as many as are present
};

}  // namespace

struct AudioMixer::Impl {
    explicit Impl(std::size_t max) : max_sources(max), plans(std::make_unique<Plan>()) {
        levels.reserve(max);
        mix_for.reserve(max);
    }

    // Control thread.
    std::unique_ptr<Slot> take_slot(common::SourceId id);
    void forget_faded(Plan& next);

    common::ThreadChecker control;
    const std::size_t max_sources;
    std::vector<std::unique_ptr<Slot>> slots GUARDED_BY(control);
    std::vector<std::unique_ptr<Slot>> leaving GUARDED_BY(control);
    VoiceTreatmentSettings treatment GUARDED_BY(control);
    std::vector<std::unique_ptr<AudioFrame>> own_mixes GUARDED_BY(control);  ///< only ever more

    TickPlan<Plan> plans;

    // Audio tick. What MixedTick shows outlives plans and slots, which may go while the caller
    // still reads.
    void pull_voices(Plan& plan, common::Timestamp now);
    void sum_voices(const Plan& plan);
    void mix_for_all(const Plan& plan);
    void mix_minus(Slot& slot, AudioFrame& mix);

    AudioFrame sum;
    AudioFrame everyone;
    Limiter limiter;
    std::vector<VoiceLevel> levels;
    std::vector<const AudioFrame*> mix_for;
};

AudioMixer::AudioMixer(std::size_t max_sources) : impl_(std::make_unique<Impl>(max_sources)) {}
AudioMixer::~AudioMixer() = default;

common::Result<void> AudioMixer::add_source(common::SourceId id, AudioSource& source) {
    Impl& impl = *impl_;
    impl.control.check();
    const Plan& planned = impl.plans.planned();
    if (planned.present.size() >= impl.max_sources) {
        return common::fail(common::ErrorCode::LimitReached,
                            "the mixer has its " + std::to_string(impl.max_sources) + " sources");
    }
    const auto same = [&](const Plan::Entry& entry) { return entry.slot->id == id; };
    if (std::any_of(planned.present.begin(), planned.present.end(), same)) {
        return common::fail(common::ErrorCode::AlreadyExists,
                            "source " + std::to_string(id.value) + " is in the mix");
    }
    auto next = std::make_unique<Plan>(planned);
    impl.slots.push_back(std::make_unique<Slot>(id));
    impl.slots.back()->voice.set_treatment(impl.treatment);
    next->present.push_back({impl.slots.back().get(), &source});
    if (next->own_mixes.size() < next->present.size()) {
        impl.own_mixes.push_back(std::make_unique<AudioFrame>());
        next->own_mixes.push_back(impl.own_mixes.back().get());
    }
    impl.plans.publish(std::move(next));
    return {};
}

void AudioMixer::remove_source(common::SourceId id) {
    Impl& impl = *impl_;
    impl.control.check();
    auto next = std::make_unique<Plan>(impl.plans.planned());
    const auto same = [&](const Plan::Entry& entry) { return entry.slot->id == id; };
    const auto found = std::find_if(next->present.begin(), next->present.end(), same);
    if (found == next->present.end()) return;
    Slot* const slot = found->slot;
    next->present.erase(found);
    next->leaving.push_back({slot, nullptr});
    impl.leaving.push_back(impl.take_slot(id));
    impl.forget_faded(*next);
    impl.plans.publish(std::move(next));
    // Only now is the faded ones' last plan gone.
    std::erase_if(impl.leaving, [&](const std::unique_ptr<Slot>& left) {
        const auto& kept = impl.plans.planned().leaving;
        return std::none_of(kept.begin(), kept.end(),
                            [&](const Plan::Entry& entry) { return entry.slot == left.get(); });
    });
}

void AudioMixer::set_muted(common::SourceId id, bool muted) {
    impl_->control.check();
    for (const auto& slot : impl_->slots) {
        if (slot->id == id) slot->voice.set_muted(muted);
    }
}

void AudioMixer::set_treatment(const VoiceTreatmentSettings& settings) {
    impl_->control.check();
    if (impl_->treatment == settings) return;
    impl_->treatment = settings;
    for (const auto& slot : impl_->slots) slot->voice.set_treatment(settings);
}

std::unique_ptr<Slot> AudioMixer::Impl::take_slot(common::SourceId id) {
    control.check();
    const auto found =
        std::find_if(slots.begin(), slots.end(), [&](const auto& slot) { return slot->id == id; });
    std::unique_ptr<Slot> taken = std::move(*found);
    slots.erase(found);
    return taken;
}

// Those who left are kept until a tick has faded them; without ticks, a few at most.
void AudioMixer::Impl::forget_faded(Plan& next) {
    constexpr std::size_t kMostLeaving = 16;
    std::erase_if(next.leaving, [](const Plan::Entry& entry) { return entry.slot->faded.load(); });
    if (next.leaving.size() > kMostLeaving) next.leaving.erase(next.leaving.begin());
}

MixedTick AudioMixer::tick(common::Timestamp now) {
    Impl& impl = *impl_;
    const TickPlan<Plan>::Use plan(impl.plans);
    impl.pull_voices(*plan, now);
    impl.sum_voices(*plan);
    impl.mix_for_all(*plan);
    return {&impl.everyone, impl.levels, impl.mix_for};
}

void AudioMixer::Impl::pull_voices(Plan& plan, common::Timestamp now) {
    for (const Plan::Entry& entry : plan.present) {
        Slot& slot = *entry.slot;
        slot.voice.take(now, entry.source);
        // Until now it heard everyone: its own mix goes on from there.
        if (slot.voice.contributes() && !slot.own_mix) {
            slot.own_mix = true;
            slot.limiter = limiter;
        }
    }
    for (const Plan::Entry& entry : plan.leaving) {
        entry.slot->voice.take(now, nullptr);
        if (!entry.slot->voice.contributes()) entry.slot->faded.store(true);
    }
}

void AudioMixer::Impl::sum_voices(const Plan& plan) {
    sum.samples.fill(0);
    for (const auto* entries : {&plan.present, &plan.leaving}) {
        for (const Plan::Entry& entry : *entries) {
            if (!entry.slot->voice.contributes()) continue;
            const AudioFrame& voice = entry.slot->voice.contribution();
            for (std::size_t i = 0; i < kTickSamples; ++i) sum.samples[i] += voice.samples[i];
        }
    }
    everyone = sum;
    limiter.process(everyone);
}

void AudioMixer::Impl::mix_for_all(const Plan& plan) {
    levels.clear();
    mix_for.clear();
    std::size_t own_mixes_used = 0;
    for (const Plan::Entry& entry : plan.present) {
        Slot& slot = *entry.slot;
        levels.push_back(slot.voice.level());
        levels.back().heard = slot.own_mix;
        if (!slot.own_mix) {
            mix_for.push_back(&everyone);
            continue;
        }
        AudioFrame& mix = *plan.own_mixes[own_mixes_used++];
        mix_minus(slot, mix);
        mix_for.push_back(&mix);
    }
}

void AudioMixer::Impl::mix_minus(Slot& slot, AudioFrame& mix) {
    mix = sum;
    if (slot.voice.contributes()) {
        const AudioFrame& own = slot.voice.contribution();
        for (std::size_t i = 0; i < kTickSamples; ++i) mix.samples[i] -= own.samples[i];
    }
    slot.limiter.process(mix);
    // It is silent again, and from the next tick the same to hear as everyone.
    if (!slot.voice.contributes() && std::abs(slot.limiter.gain() - limiter.gain()) < kSameGain) {
        slot.own_mix = false;
    }
}

}  // namespace mixer

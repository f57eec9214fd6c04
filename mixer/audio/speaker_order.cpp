#include "mixer/audio/speaker_order.h"

#include <algorithm>

namespace mixer {
namespace {

constexpr common::Duration kBecomesSpeaker = std::chrono::seconds(2);
constexpr common::Duration kSpeakingOn = std::chrono::milliseconds(300);
constexpr common::Duration kSpeakingOff = std::chrono::seconds(1);

}  // namespace

struct SpeakerOrder::Impl {
    struct State {
        common::SourceId source;
        bool present = false;
        bool voice = false;
        common::Timestamp last_voice;
        common::Duration run{};      ///< voice since its last silence of a second; for the border
        common::Duration counted{};  ///< voice that counts towards becoming the speaker
        bool speaking = false;
        /// This run has not had its turn yet. Who lost the first place while speaking on gets it
        /// back only when the new speaker is silent: two who talk at once do not take turns every 2
        /// s.
        bool fresh = true;
    };

    explicit Impl(std::size_t max_sources) {
        states.reserve(max_sources);
        ranked.reserve(max_sources);
        speaking.reserve(max_sources);
    }

    State& state_of(common::SourceId source, std::size_t hint);
    bool forget_absent();
    void listen(State& state, common::Timestamp now, common::Duration passed);
    void promote(State& state);
    bool list_speaking();
    [[nodiscard]] bool first_is_speaking() const;

    std::vector<State> states;
    std::vector<common::SourceId> ranked;
    std::vector<common::SourceId> speaking;
    common::Timestamp last_update;
};

SpeakerOrder::SpeakerOrder(std::size_t max_sources) : impl_(std::make_unique<Impl>(max_sources)) {}
SpeakerOrder::~SpeakerOrder() = default;
std::span<const common::SourceId> SpeakerOrder::ranked() const {
    return impl_->ranked;
}
std::span<const common::SourceId> SpeakerOrder::speaking_now() const {
    return impl_->speaking;
}

bool SpeakerOrder::update(common::Timestamp now, std::span<const VoiceLevel> levels) {
    Impl& impl = *impl_;
    // A stalled tick is not speech.
    const common::Duration passed =
        std::clamp(now - impl.last_update, common::Duration::zero(), kAudioTick);
    impl.last_update = now;

    for (auto& state : impl.states) state.present = false;
    for (std::size_t i = 0; i < levels.size(); ++i) {
        Impl::State& state = impl.state_of(levels[i].source, i);
        state.present = true;
        state.voice = levels[i].voice;
    }
    bool changed = impl.forget_absent();
    for (auto& state : impl.states) impl.listen(state, now, passed);
    for (auto& state : impl.states) {
        const bool nobody_yet = impl.ranked.empty() && state.voice;
        if (!nobody_yet && state.counted < kBecomesSpeaker) continue;
        impl.promote(state);
        changed = true;
    }
    return impl.list_speaking() || changed;
}

SpeakerOrder::Impl::State& SpeakerOrder::Impl::state_of(common::SourceId source, std::size_t hint) {
    if (hint < states.size() && states[hint].source == source) return states[hint];
    const auto found = std::find_if(states.begin(), states.end(),
                                    [&](const State& state) { return state.source == source; });
    if (found != states.end()) return *found;
    State& made = states.emplace_back();
    made.source = source;
    return made;
}

bool SpeakerOrder::Impl::forget_absent() {
    const auto absent = [&](common::SourceId source) {
        return std::any_of(states.begin(), states.end(), [&](const State& state) {
            return state.source == source && !state.present;
        });
    };
    const auto forgotten = std::erase_if(ranked, absent);
    std::erase_if(states, [](const State& state) { return !state.present; });
    return forgotten > 0;
}

bool SpeakerOrder::Impl::first_is_speaking() const {
    return !ranked.empty() && std::any_of(states.begin(), states.end(), [&](const State& state) {
        return state.source == ranked.front() && state.speaking;
    });
}

void SpeakerOrder::Impl::listen(State& state, common::Timestamp now, common::Duration passed) {
    if (state.voice) {
        state.last_voice = now;
        state.run += passed;
        const bool first = !ranked.empty() && ranked.front() == state.source;
        if (!first && (state.fresh || !first_is_speaking())) state.counted += passed;
        state.speaking = state.speaking || state.run >= kSpeakingOn;
    } else if (now - state.last_voice >= kSpeakingOff) {
        state.run = state.counted = common::Duration::zero();
        state.speaking = false;
        state.fresh = true;
    }
}

void SpeakerOrder::Impl::promote(State& state) {
    for (State& other : states) {
        other.counted = common::Duration::zero();
        if (!ranked.empty() && other.source == ranked.front()) other.fresh = false;
    }
    state.fresh = true;
    std::erase(ranked, state.source);
    ranked.insert(ranked.begin(), state.source);
}

bool SpeakerOrder::Impl::list_speaking() {
    bool same = true;
    std::size_t count = 0;
    for (const State& state : states) {
        if (!state.speaking) continue;
        same = same && count < speaking.size() && speaking[count] == state.source;
        ++count;
    }
    if (same && count == speaking.size()) return false;
    speaking.clear();
    for (const State& state : states) {
        if (state.speaking) speaking.push_back(state.source);
    }
    return true;
}

}  // namespace mixer

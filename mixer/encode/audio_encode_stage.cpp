#include "mixer/encode/audio_encode_stage.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <vector>

#include "common/invariant.h"
#include "common/thread_checker.h"
#include "mixer/audio/tick_plan.h"

namespace mixer {
namespace {

constexpr std::size_t kMaxPayloadBytes = 1275;

struct Payload {
    std::array<std::uint8_t, kMaxPayloadBytes> bytes;
    std::size_t size = 0;
    [[nodiscard]] std::span<const std::uint8_t> span() const {
        return std::span(bytes).first(size);
    }
};

/// What all hear who hear `everyone` in one format.
struct Shared {
    AudioFormat format;
    std::unique_ptr<AudioEncoder> encoder;
    std::size_t listeners = 0;  ///< control thread
    // Audio tick.
    bool fresh = true;    ///< nobody has heard its last tick: its state is worth nothing
    bool wanted = false;  ///< somebody hears it in this tick
    Payload payload;
};

struct Listener {
    common::SourceId id;
    AudioSink* sink = nullptr;
    Shared* home = nullptr;  ///< control thread: what it is to hear with others
    std::unique_ptr<AudioEncoder> own;
    // Audio tick.
    Shared* shared = nullptr;         ///< what it hears with others
    std::size_t place = 0;            ///< where its source was in the last tick
    const AudioFrame* mix = nullptr;  ///< its own; null: hears everyone
    bool hears_own = false;           ///< its sound comes from `own`
    bool heard_before = false;        ///< it has been sent something
    int equal_ticks = 0;              ///< for so long its own encoder had the shared one's input
};

struct Plan {
    struct Place {
        Listener* listener = nullptr;
        Shared* home = nullptr;
    };
    std::vector<Place> places;
    std::vector<Shared*> shared;
};

struct Tally {
    using Count = std::atomic<std::uint64_t>;
    Count encodes{0}, shared_deliveries{0}, own_deliveries{0}, switches{0}, encoders{0};
    static void add(Count& count, std::uint64_t by = 1) {
        count.fetch_add(by, std::memory_order_relaxed);
    }
};

}  // namespace

struct AudioEncodeStage::Impl {
    // Control thread.
    common::Result<Shared*> shared_for(const AudioFormat& format);
    void publish_all();
    void drop_unused_shared();

    common::ThreadChecker control;
    std::vector<std::unique_ptr<Listener>> all_listeners GUARDED_BY(control);
    std::vector<std::unique_ptr<Shared>> all_shared GUARDED_BY(control);

    TickPlan<Plan> plans{std::make_unique<Plan>()};
    Tally tally;

    // Audio tick.
    void find_mix(Listener& listener, const MixedTick& mixed) const;
    void take_home(Listener& listener, Shared& home);
    void choose_encoder(Listener& listener);
    void move_to_own(Listener& listener);
    void move_to_shared(Listener& listener);
    void go_on_with(Shared& shared, const AudioEncoder& before);
    void encode_shared(Shared& shared, const AudioFrame& everyone);
    void deliver(Listener& listener, const AudioFrame& everyone, common::Timestamp media_time);

    AudioFrame previous;  ///< what everyone heard in the last tick
    Payload own_payload;
};

AudioEncodeStage::AudioEncodeStage() : impl_(std::make_unique<Impl>()) {}
AudioEncodeStage::~AudioEncodeStage() = default;

common::Result<void> AudioEncodeStage::add_listener(common::SourceId listener,
                                                    const AudioFormat& format, AudioSink& sink) {
    Impl& impl = *impl_;
    impl.control.check();
    const std::string name = "listener " + std::to_string(listener.value);
    for (const auto& other : impl.all_listeners) {
        if (other->id == listener) {
            return common::fail(common::ErrorCode::AlreadyExists, name + " is there already");
        }
    }
    auto own = make_audio_encoder(format);
    if (!own) return common::fail_in(name, own.error());
    const auto shared = impl.shared_for(format);
    if (!shared) return common::fail_in(name, shared.error());

    auto made = std::make_unique<Listener>();
    made->id = listener;
    made->sink = &sink;
    made->home = *shared;
    made->own = std::move(*own);
    ++made->home->listeners;
    impl.all_listeners.push_back(std::move(made));
    impl.publish_all();
    return {};
}

common::Result<void> AudioEncodeStage::set_expected_loss(common::SourceId listener, int percent) {
    Impl& impl = *impl_;
    impl.control.check();
    const auto found = std::find_if(impl.all_listeners.begin(), impl.all_listeners.end(),
                                    [&](const auto& other) { return other->id == listener; });
    const std::string name = "listener " + std::to_string(listener.value);
    if (found == impl.all_listeners.end())
        return common::fail(common::ErrorCode::NotFound, name + " is not there");
    Listener& changed = **found;
    AudioFormat format = changed.home->format;
    if (!format.inband_fec) return {};
    format.expected_loss_percent = percent;
    const auto shared = impl.shared_for(format);
    if (!shared) return common::fail_in(name, shared.error());
    if (*shared == changed.home) return {};
    --changed.home->listeners;
    changed.home = *shared;
    ++changed.home->listeners;
    impl.publish_all();
    impl.drop_unused_shared();
    return {};
}

void AudioEncodeStage::remove_listener(common::SourceId listener) {
    Impl& impl = *impl_;
    impl.control.check();
    const auto found = std::find_if(impl.all_listeners.begin(), impl.all_listeners.end(),
                                    [&](const auto& other) { return other->id == listener; });
    if (found == impl.all_listeners.end()) return;
    const std::unique_ptr<Listener> removed = std::move(*found);
    impl.all_listeners.erase(found);
    --removed->home->listeners;
    impl.publish_all();
    impl.drop_unused_shared();
}

common::Result<Shared*> AudioEncodeStage::Impl::shared_for(const AudioFormat& format) {
    control.check();
    for (const auto& there : all_shared) {
        if (there->format == format) return there.get();
    }
    auto encoder = make_audio_encoder(format);
    if (!encoder) return tl::unexpected(encoder.error());
    auto made = std::make_unique<Shared>();
    made->format = format;
    made->encoder = std::move(*encoder);
    all_shared.push_back(std::move(made));
    return all_shared.back().get();
}

void AudioEncodeStage::Impl::publish_all() {
    control.check();
    auto next = std::make_unique<Plan>();
    for (const auto& listener : all_listeners)
        next->places.push_back({listener.get(), listener->home});
    for (const auto& one : all_shared) {
        if (one->listeners > 0) next->shared.push_back(one.get());
    }
    tally.encoders = next->places.size() + next->shared.size();
    plans.publish(std::move(next));
}

void AudioEncodeStage::Impl::drop_unused_shared() {
    control.check();
    std::erase_if(all_shared, [](const auto& one) { return one->listeners == 0; });
}

void AudioEncodeStage::tick(const MixedTick& mixed, common::Timestamp media_time) {
    Impl& impl = *impl_;
    const TickPlan<Plan>::Use plan(impl.plans);
    for (Shared* shared : plan->shared) shared->wanted = false;
    for (const auto& [listener, home] : plan->places) {
        impl.find_mix(*listener, mixed);
        if (listener->shared != home) impl.take_home(*listener, *home);
        impl.choose_encoder(*listener);
    }
    for (Shared* shared : plan->shared) impl.encode_shared(*shared, *mixed.everyone);
    for (const auto& [listener, home] : plan->places) {
        impl.deliver(*listener, *mixed.everyone, media_time);
    }
    impl.previous = *mixed.everyone;
}

void AudioEncodeStage::Impl::find_mix(Listener& listener, const MixedTick& mixed) const {
    const auto levels = mixed.levels;
    const auto here = [&](std::size_t at) {
        return at < levels.size() && levels[at].source == listener.id;
    };
    if (!here(listener.place)) {
        for (listener.place = 0; listener.place < levels.size(); ++listener.place) {
            if (here(listener.place)) break;
        }
    }
    listener.mix = nullptr;
    if (here(listener.place) && mixed.mix_for[listener.place] != mixed.everyone) {
        listener.mix = mixed.mix_for[listener.place];
    }
}

// The one it had may be gone already: only that it was another counts. Its own encoder is nobody
// else's and changes where it is.
void AudioEncodeStage::Impl::take_home(Listener& listener, Shared& home) {
    listener.shared = &home;
    listener.own->expect_loss(home.format.expected_loss_percent);
    if (listener.hears_own || !listener.heard_before) return;
    Tally::add(tally.switches);
    go_on_with(home, *listener.own);
}

// A listener goes to its own encoder at once, while both mixes are still equal at the tick's first
// sample; and comes back when both encoders have had the same input for as long as the codec needs.
void AudioEncodeStage::Impl::choose_encoder(Listener& listener) {
    if (listener.mix != nullptr) {
        listener.equal_ticks = 0;
    } else if (listener.hears_own) {
        ++listener.equal_ticks;
    }
    if (listener.mix != nullptr && !listener.hears_own) {
        move_to_own(listener);
    } else if (listener.hears_own &&
               listener.equal_ticks > listener.own->equal_ticks_before_switch()) {
        move_to_shared(listener);
    }
    if (!listener.hears_own) listener.shared->wanted = true;
}

void AudioEncodeStage::Impl::move_to_own(Listener& listener) {
    listener.hears_own = true;
    listener.own->continue_from(*listener.shared->encoder, previous.samples);
    Tally::add(tally.encodes);  // of the tick before, for nobody
    if (listener.heard_before) Tally::add(tally.switches);
}

void AudioEncodeStage::Impl::move_to_shared(Listener& listener) {
    Shared& shared = *listener.shared;
    listener.hears_own = false;
    Tally::add(tally.switches);
    go_on_with(shared, *listener.own);
}

/// Somebody comes to `shared` who heard another encoder in the last tick.
void AudioEncodeStage::Impl::go_on_with(Shared& shared, const AudioEncoder& before) {
    if (shared.fresh) {
        shared.encoder->continue_from(before, previous.samples);
        shared.fresh = false;
        Tally::add(tally.encodes);
    } else {
        shared.encoder->prepare_switch();
    }
}

void AudioEncodeStage::Impl::encode_shared(Shared& shared, const AudioFrame& everyone) {
    if (!shared.wanted) {
        shared.fresh = true;
        return;
    }
    shared.fresh = false;
    shared.payload.size = shared.encoder->encode(everyone.samples, shared.payload.bytes);
    Tally::add(tally.encodes);
}

void AudioEncodeStage::Impl::deliver(Listener& listener, const AudioFrame& everyone,
                                     common::Timestamp media_time) {
    listener.heard_before = true;
    if (!listener.hears_own) {
        listener.sink->on_audio(listener.shared->payload.span(), media_time);
        Tally::add(tally.shared_deliveries);
        return;
    }
    const AudioFrame& mix = listener.mix != nullptr ? *listener.mix : everyone;
    own_payload.size = listener.own->encode(mix.samples, own_payload.bytes);
    Tally::add(tally.encodes);
    Tally::add(tally.own_deliveries);
    listener.sink->on_audio(own_payload.span(), media_time);
}

AudioEncodeCounters AudioEncodeStage::counters() const {
    const Tally& tally = impl_->tally;
    return {.encodes = tally.encodes,
            .shared_deliveries = tally.shared_deliveries,
            .own_deliveries = tally.own_deliveries,
            .switches = tally.switches,
            .encoders = tally.encoders};
}

}  // namespace mixer

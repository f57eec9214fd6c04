#include "mixer/encode/encoder_stage.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "common/h264_level.h"
#include "common/invariant.h"
#include "common/mutex.h"
#include "common/published.h"
#include "common/thread_checker.h"
#include "mixer/encode/rendition.h"
#include "mixer/encode/rung_ladder.h"
#include "mixer/encode/splice_pool.h"
#include "mixer/encode/stage_counters.h"
#include "mixer/encode/subscriber.h"

namespace mixer {
namespace {

/// A mover or a short mute must not reopen an encoder.
constexpr common::Duration kGrace = std::chrono::seconds(2);
constexpr common::Duration kRungRest = std::chrono::seconds(10);

/// Who gets pictures of what. Owned by the control thread.
struct Subscription {
    std::shared_ptr<Subscriber> subscriber;
    ViewId view;
    StreamNeeds needs;
    std::vector<Rung> allowed;
    std::optional<common::Bitrate> budget;
    Rung rung;
    common::Timestamp last_rung_change;
};

struct RunningRendition {
    std::unique_ptr<Rendition> rendition;
    bool watched = true;
    std::optional<common::Timestamp> unwatched_since;
};

struct Canvas {
    CanvasTask task;
    std::vector<RunningRendition> renditions;
    [[nodiscard]] bool watched() const {
        return std::any_of(renditions.begin(), renditions.end(),
                           [](const auto& r) { return r.watched; });
    }
};

/// What the tick needs: one canvas and the encoders that take it.
struct TickEntry {
    CanvasId canvas;
    std::vector<Rendition*> renditions;
};

bool draws(const CanvasTask& task, ViewId view, const Rung& rung) {
    return task.view == view && task.size == rung.size &&
           task.frames_per_second == rung.frames_per_second;
}

StreamFormat format_for(const Rung& rung, const StreamNeeds& needs) {
    if (needs.codec == common::VideoCodec::Vp8) {
        return {
            .codec = needs.codec, .size = rung.size, .frames_per_second = rung.frames_per_second};
    }
    const auto level =
        common::lowest_h264_level(rung.size, rung.frames_per_second, rung.bitrate, needs.profile);
    return {.codec = needs.codec,
            .size = rung.size,
            .frames_per_second = rung.frames_per_second,
            .profile = needs.profile,
            .level_idc = level ? static_cast<int>(*level) : 0};
}

}  // namespace

struct EncoderStage::Impl {
    Impl(Config stage_config, common::Executor& pool, const common::Clock& stage_clock)
        : config(std::move(stage_config)),
          media_pool(pool),
          clock(stage_clock),
          splice_pool(counters, stage_clock) {}

    Subscription& at(SubscriptionId id) REQUIRES(control);
    Canvas& canvas_for(ViewId view, const Rung& rung) REQUIRES(control);
    Rendition& rendition_for(const Subscription& subscription) REQUIRES(control);
    void place(Subscription& subscription) REQUIRES(control);
    [[nodiscard]] Rung wish_of(const Subscription& subscription) const REQUIRES(control);
    [[nodiscard]] Rung rung_for(const Subscription& subscription) const REQUIRES(control);
    void choose_rung(Subscription& subscription, common::Timestamp now) REQUIRES(control);
    [[nodiscard]] int drawn_per_second(int frames_per_second) const REQUIRES(control);
    void settle() REQUIRES(control);
    std::vector<RunningRendition> take_unwatched(common::Timestamp now) REQUIRES(control);
    void publish() REQUIRES(control);
    void count_start(StartReason reason) {
        counters.starts_asked.at(static_cast<std::size_t>(reason))
            .fetch_add(1, std::memory_order_relaxed);
    }

    const Config config;
    common::Executor& media_pool;
    const common::Clock& clock;
    StageCounters counters;
    SplicePool splice_pool;

    common::ThreadChecker control;
    std::uint64_t last_id GUARDED_BY(control) =
        0;  // of Views, canvases, Renditions and subscriptions alike
    Shedding shedding GUARDED_BY(control);
    std::unordered_set<ViewId> views GUARDED_BY(control);
    std::map<CanvasId, Canvas> canvases GUARDED_BY(control);
    std::unordered_map<SubscriptionId, Subscription> subscriptions GUARDED_BY(control);
    std::vector<CanvasTask> watched GUARDED_BY(control);
    std::atomic<std::uint64_t> revision{0};

    common::Published<std::vector<TickEntry>> tick_table;  // published by the control thread

    // What other threads look up. No other lock is taken under it.
    mutable common::Mutex tables;
    std::unordered_map<SubscriptionId, std::shared_ptr<Subscriber>> subscribers GUARDED_BY(tables);
};

Subscription& EncoderStage::Impl::at(SubscriptionId id) {
    const auto found = subscriptions.find(id);
    INVARIANT(found != subscriptions.end());
    return found->second;
}

Canvas& EncoderStage::Impl::canvas_for(ViewId view, const Rung& rung) {
    for (auto& [id, canvas] : canvases) {
        if (draws(canvas.task, view, rung)) return canvas;
    }
    const CanvasId id{++last_id};
    const CanvasTask task{
        .canvas = id, .view = view, .size = rung.size, .frames_per_second = rung.frames_per_second};
    return canvases.emplace(id, Canvas{.task = task, .renditions = {}}).first->second;
}

Rendition& EncoderStage::Impl::rendition_for(const Subscription& subscription) {
    const StreamFormat format = format_for(subscription.rung, subscription.needs);
    Canvas& canvas = canvas_for(subscription.view, subscription.rung);
    for (RunningRendition& running : canvas.renditions) {
        if (running.rendition->format() == format &&
            running.rendition->bitrate() == subscription.rung.bitrate) {
            return *running.rendition;
        }
    }
    auto made = std::make_unique<Rendition>(++last_id, format, subscription.rung.bitrate,
                                            media_pool, splice_pool, counters);
    canvas.renditions.push_back(
        {.rendition = std::move(made), .watched = true, .unwatched_since = {}});
    return *canvas.renditions.back().rendition;
}

/// Sends the subscriber to the Rendition of its View and rung; it leaves the old one when it has a
/// start in this one.
void EncoderStage::Impl::place(Subscription& subscription) {
    Rendition& rendition = rendition_for(subscription);
    subscription.subscriber->assign(rendition.id());
    rendition.add(subscription.subscriber, subscription.needs.max_nal_bytes);
}

/// What it would have if nobody else watched.
Rung EncoderStage::Impl::wish_of(const Subscription& subscription) const {
    return best_rung(no_larger_than(subscription.allowed, shedding.most_lines),
                     subscription.budget);
}

Rung EncoderStage::Impl::rung_for(const Subscription& subscription) const {
    const Rung wish = wish_of(subscription);
    if (shedding.most_rungs_per_view == 0) return wish;
    std::vector<RungWish> wishes{{.rung = wish}};
    for (const auto& [id, other] : subscriptions) {
        if (&other == &subscription || other.view != subscription.view) continue;
        wishes.push_back({.rung = wish_of(other)});
    }
    const auto kept = kept_rungs(std::move(wishes), shedding.most_rungs_per_view);
    for (const Rung& rung : subscription.allowed) {
        if (rung.bitrate > wish.bitrate) continue;
        if (std::ranges::find(kept, rung.bitrate) != kept.end()) return rung;
    }
    return wish;  // it can have none of those that are kept
}

/// At half the rate pictures are still evenly spaced on the grid of ticks; what is slow stays.
int EncoderStage::Impl::drawn_per_second(int frames_per_second) const {
    const int most = shedding.most_frames_per_second;
    if (most == 0 || frames_per_second <= most || frames_per_second % most != 0)
        return frames_per_second;
    return most;
}

void EncoderStage::Impl::choose_rung(Subscription& subscription, common::Timestamp now) {
    const Rung best = rung_for(subscription);
    if (best.size == subscription.rung.size && best.bitrate == subscription.rung.bitrate) return;
    const bool up = best.bitrate > subscription.rung.bitrate;
    if (up && now - subscription.last_rung_change < kRungRest) return;
    subscription.rung = best;
    subscription.last_rung_change = now;
    count_start(StartReason::RungChange);
    place(subscription);
}

/// After every change: lets go of who left, closes what nobody watched for the time of grace, tells
/// the tick.
void EncoderStage::Impl::settle() {
    const std::vector<RunningRendition> closing = take_unwatched(clock.now());
    publish();
    std::vector<StreamFormat> formats;
    for (const auto& [id, canvas] : canvases) {
        for (const RunningRendition& running : canvas.renditions)
            formats.push_back(running.rendition->format());
    }
    splice_pool.keep_only(formats);
    // The tick no longer knows the closing ones: their destructors wait for an encode under way.
}

std::vector<RunningRendition> EncoderStage::Impl::take_unwatched(common::Timestamp now) {
    std::vector<RunningRendition> taken;
    for (auto& [id, canvas] : canvases) {
        for (RunningRendition& running : canvas.renditions) {
            running.watched = running.rendition->release_leavers();
            if (running.watched) running.unwatched_since.reset();
            if (!running.watched && !running.unwatched_since) running.unwatched_since = now;
        }
        const auto first_to_close = std::stable_partition(
            canvas.renditions.begin(), canvas.renditions.end(), [&](const RunningRendition& r) {
                return r.watched || now - *r.unwatched_since < kGrace;
            });
        std::move(first_to_close, canvas.renditions.end(), std::back_inserter(taken));
        canvas.renditions.erase(first_to_close, canvas.renditions.end());
    }
    std::erase_if(canvases, [](const auto& entry) { return entry.second.renditions.empty(); });
    return taken;
}

void EncoderStage::Impl::publish() {
    std::vector<CanvasTask> tasks;
    std::vector<TickEntry> entries;
    for (auto& [id, canvas] : canvases) {
        canvas.task.drawn_per_second = drawn_per_second(canvas.task.frames_per_second);
        for (const RunningRendition& running : canvas.renditions)
            running.rendition->set_pictures_per_second(canvas.task.drawn_per_second);
        if (!canvas.watched()) continue;
        tasks.push_back(canvas.task);
        TickEntry& entry = entries.emplace_back(TickEntry{.canvas = id, .renditions = {}});
        for (const RunningRendition& running : canvas.renditions) {
            if (running.watched) entry.renditions.push_back(running.rendition.get());
        }
    }
    tick_table.publish(std::move(entries));
    if (tasks == watched) return;
    watched = std::move(tasks);
    revision.fetch_add(1, std::memory_order_release);
}

EncoderStage::EncoderStage(Config config, common::Executor& media_pool, const common::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(config), media_pool, clock)) {}

EncoderStage::~EncoderStage() = default;

ViewId EncoderStage::open_view() {
    impl_->control.check();
    const ViewId view{++impl_->last_id};
    impl_->views.insert(view);
    impl_->counters.views.store(impl_->views.size(), std::memory_order_relaxed);
    return view;
}

void EncoderStage::close_view(ViewId view) {
    impl_->control.check();
    for (const auto& [id, subscription] : impl_->subscriptions)
        INVARIANT(subscription.view != view);
    impl_->views.erase(view);
    impl_->counters.views.store(impl_->views.size(), std::memory_order_relaxed);
    impl_->settle();
}

int EncoderStage::most_lines(const StreamNeeds& needs) const {
    const auto allowed = rungs_for(impl_->config.rungs, needs, impl_->config.ticks_per_second);
    if (!allowed) return 0;
    return std::min(allowed->front().size.width, allowed->front().size.height);
}

common::Result<SubscriptionId> EncoderStage::subscribe(ViewId view, const StreamNeeds& needs,
                                                       PictureSink& sink) {
    impl_->control.check();
    INVARIANT(impl_->views.contains(view));
    auto allowed = rungs_for(impl_->config.rungs, needs, impl_->config.ticks_per_second);
    if (!allowed) return tl::unexpected(allowed.error());

    const SubscriptionId id{++impl_->last_id};
    Subscription subscription{.subscriber = std::make_shared<Subscriber>(sink),
                              .view = view,
                              .needs = needs,
                              .allowed = std::move(*allowed),
                              .budget = {},
                              .rung = {},
                              .last_rung_change = impl_->clock.now()};
    subscription.rung = impl_->rung_for(subscription);
    impl_->place(subscription);
    impl_->count_start(StartReason::Join);
    {
        common::MutexLock lock(impl_->tables);
        impl_->subscribers.emplace(id, subscription.subscriber);
    }
    impl_->subscriptions.emplace(id, std::move(subscription));
    impl_->counters.subscriptions.store(impl_->subscriptions.size(), std::memory_order_relaxed);
    impl_->settle();
    return id;
}

void EncoderStage::unsubscribe(SubscriptionId subscription) {
    impl_->control.check();
    impl_->at(subscription).subscriber->detach();
    {
        common::MutexLock lock(impl_->tables);
        impl_->subscribers.erase(subscription);
    }
    impl_->subscriptions.erase(subscription);
    impl_->counters.subscriptions.store(impl_->subscriptions.size(), std::memory_order_relaxed);
    impl_->settle();
}

void EncoderStage::move(SubscriptionId subscription, ViewId view) {
    impl_->control.check();
    INVARIANT(impl_->views.contains(view));
    Subscription& moved = impl_->at(subscription);
    if (moved.view == view) return;
    moved.view = view;
    impl_->count_start(StartReason::ViewChange);
    impl_->place(moved);
    impl_->settle();
}

void EncoderStage::set_budget(SubscriptionId subscription, common::Bitrate budget) {
    impl_->control.check();
    Subscription& changed = impl_->at(subscription);
    changed.budget = budget.bps() > 0 ? std::optional(budget) : std::nullopt;
    impl_->choose_rung(changed, impl_->clock.now());
    impl_->settle();
}

common::Result<void> EncoderStage::set_needs(SubscriptionId subscription,
                                             const StreamNeeds& needs) {
    impl_->control.check();
    Subscription& changed = impl_->at(subscription);
    if (changed.needs == needs) return {};
    auto allowed = rungs_for(impl_->config.rungs, needs, impl_->config.ticks_per_second);
    if (!allowed) return tl::unexpected(allowed.error());
    changed.needs = needs;
    changed.allowed = std::move(*allowed);
    changed.rung = impl_->rung_for(changed);
    changed.last_rung_change = impl_->clock.now();
    impl_->place(changed);
    impl_->settle();
    return {};
}

void EncoderStage::set_start_quality(SubscriptionId subscription, StartQuality quality) {
    impl_->control.check();
    const auto found = impl_->subscriptions.find(subscription);
    if (found != impl_->subscriptions.end()) found->second.subscriber->set_start_quality(quality);
}

void EncoderStage::need_start(SubscriptionId subscription, StartReason reason) {
    impl_->count_start(reason);
    common::MutexLock lock(impl_->tables);
    const auto found = impl_->subscribers.find(subscription);
    if (found != impl_->subscribers.end()) found->second->request_start();
}

void EncoderStage::set_shedding(const Shedding& shedding) {
    impl_->control.check();
    if (impl_->shedding == shedding) return;
    impl_->shedding = shedding;
    const common::Timestamp now = impl_->clock.now();
    for (auto& [id, subscription] : impl_->subscriptions) impl_->choose_rung(subscription, now);
    impl_->settle();
}

void EncoderStage::tidy() {
    impl_->control.check();
    const common::Timestamp now = impl_->clock.now();
    for (auto& [id, subscription] : impl_->subscriptions) impl_->choose_rung(subscription, now);
    impl_->settle();
}

std::vector<CanvasTask> EncoderStage::canvases() const {
    impl_->control.check();
    return impl_->watched;
}

std::uint64_t EncoderStage::canvases_revision() const {
    return impl_->revision.load(std::memory_order_acquire);
}

void EncoderStage::encode(CanvasId canvas, const FrameRef& picture, common::Timestamp media_time) {
    const common::Published<std::vector<TickEntry>>::Reading table(impl_->tick_table);
    for (const TickEntry& entry : *table) {
        if (entry.canvas != canvas) continue;
        for (Rendition* rendition : entry.renditions) rendition->offer(picture, media_time);
        return;
    }
}

EncoderStageCounters EncoderStage::counters() const {
    const StageCounters& c = impl_->counters;
    EncoderStageCounters snapshot{.encoders_opened = c.encoders_opened,
                                  .encoders_running = c.encoders_running,
                                  .splice_contexts = c.splice_contexts,
                                  .splice_contexts_opened = c.splice_contexts_opened,
                                  .pictures_encoded = c.pictures_encoded,
                                  .key_pictures = c.key_pictures,
                                  .splice_pictures = c.splice_pictures,
                                  .pictures_skipped = c.pictures_skipped,
                                  .refreshes = c.refreshes,
                                  .views = c.views,
                                  .subscriptions = c.subscriptions,
                                  .starts_asked = {},
                                  .starts_given = c.starts_given,
                                  .splice_bytes = c.splice_bytes,
                                  .encode_time = common::Duration(c.encode_time_ns),
                                  .splice_time = common::Duration(c.splice_time_ns)};
    std::copy(c.starts_asked.begin(), c.starts_asked.end(), snapshot.starts_asked.begin());
    return snapshot;
}

std::optional<Rung> EncoderStage::rung_of(SubscriptionId subscription) const {
    impl_->control.check();
    const auto found = impl_->subscriptions.find(subscription);
    if (found == impl_->subscriptions.end()) return std::nullopt;
    return found->second.rung;
}

std::map<std::string, std::uint64_t> EncoderStage::encoders_by_rung(
    common::VideoCodec codec) const {
    impl_->control.check();
    std::map<std::string, std::uint64_t> counts;
    for (const Rung& rung : impl_->config.rungs) counts[rung.name] = 0;
    for (const auto& [id, canvas] : impl_->canvases) {
        for (const RunningRendition& running : canvas.renditions) {
            const Rendition& rendition = *running.rendition;
            if (!running.watched || rendition.refused()) continue;
            if (rendition.format().codec != codec) continue;
            // Sizes differ where a canvas is not 16:9; rate and bitrate are the rung's.
            const auto rung = std::ranges::find_if(impl_->config.rungs, [&](const Rung& each) {
                return each.bitrate == rendition.bitrate() &&
                       each.frames_per_second == rendition.format().frames_per_second;
            });
            ++counts[rung == impl_->config.rungs.end() ? "other" : rung->name];
        }
    }
    return counts;
}

std::string EncoderStage::failure_of(SubscriptionId subscription) const {
    impl_->control.check();
    const auto found = impl_->subscriptions.find(subscription);
    if (found == impl_->subscriptions.end()) return {};
    // A rung that is being left has its own encoder: the one that counts is where it belongs.
    for (const auto& [id, canvas] : impl_->canvases) {
        for (const RunningRendition& running : canvas.renditions) {
            const Rendition& rendition = *running.rendition;
            if (!found->second.subscriber->belongs_to(rendition.id()) || !rendition.refused())
                continue;
            return "no encoder opens for rung " + found->second.rung.name;
        }
    }
    return {};
}

}  // namespace mixer

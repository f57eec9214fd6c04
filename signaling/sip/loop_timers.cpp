#include "signaling/sip/loop_timers.h"

#include <glib.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace signaling {
namespace {

constexpr auto kLongest = std::chrono::hours(24 * 24);  // GLib counts milliseconds in 32 bits

struct Timer {
    std::map<LoopTimers::Id, Timer*>* all = nullptr;
    LoopTimers::Id id = 0;
    GSource* source = nullptr;
    std::function<void()> run;
};

gboolean fire(gpointer data) {
    auto* timer = static_cast<Timer*>(data);
    timer->all->erase(timer->id);  // before it runs: it may take the map away
    const auto run = std::move(timer->run);
    run();
    return G_SOURCE_REMOVE;
}

void drop(gpointer data) {
    delete static_cast<Timer*>(data);
}

}  // namespace

struct LoopTimers::Impl {
    GMainContext* context = g_main_context_ref_thread_default();
    std::map<Id, Timer*> timers;
    Id last = 0;
};

LoopTimers::LoopTimers() : impl_(std::make_unique<Impl>()) {}

LoopTimers::~LoopTimers() {
    const std::map<Id, Timer*> left = std::move(impl_->timers);
    for (const auto& [id, timer] : left) g_source_destroy(timer->source);
    g_main_context_unref(impl_->context);
}

LoopTimers::Id LoopTimers::after(common::Duration delay, std::function<void()> run) {
    const auto wait = std::clamp<common::Duration>(delay, common::Duration(0), kLongest);
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    const Id id = ++impl_->last;
    GSource* source = g_timeout_source_new(static_cast<guint>(ms));
    auto* timer =
        new Timer{&impl_->timers, id, source, std::move(run)};  // NOLINT: the source owns it
    impl_->timers.emplace(id, timer);
    g_source_set_callback(source, fire, timer, drop);
    g_source_attach(source, impl_->context);
    g_source_unref(source);  // the context holds it
    return id;
}

void LoopTimers::cancel(Id timer) {
    const auto found = impl_->timers.find(timer);
    if (found == impl_->timers.end()) return;
    GSource* source = found->second->source;
    impl_->timers.erase(found);
    g_source_destroy(source);
}

void LoopTimers::replace(Id& timer, common::Duration delay, std::function<void()> run) {
    cancel(timer);
    timer = after(delay, std::move(run));
}

std::size_t LoopTimers::waiting() const {
    return impl_->timers.size();
}

}  // namespace signaling

#include "signaling/sip/loop_timers.h"

#include <glib.h>

#include <chrono>
#include <set>
#include <utility>

namespace signaling {
namespace {

struct Timer {
    std::set<Timer*>* all = nullptr;
    GSource* source = nullptr;
    std::function<void()> run;
};

gboolean fire(gpointer data) {
    auto* timer = static_cast<Timer*>(data);
    timer->all->erase(timer);  // before it runs: it may take the set away
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
    std::set<Timer*> timers;
};

LoopTimers::LoopTimers() : impl_(std::make_unique<Impl>()) {}

LoopTimers::~LoopTimers() {
    const std::set<Timer*> left = std::move(impl_->timers);
    for (Timer* timer : left) g_source_destroy(timer->source);
    g_main_context_unref(impl_->context);
}

void LoopTimers::after(common::Duration delay, std::function<void()> run) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(delay).count();
    GSource* source = g_timeout_source_new(static_cast<guint>(ms));
    auto* timer = new Timer{&impl_->timers, source, std::move(run)};  // NOLINT: the source owns it
    impl_->timers.insert(timer);
    g_source_set_callback(source, fire, timer, drop);
    g_source_attach(source, impl_->context);
    g_source_unref(source);  // the context holds it
}

}  // namespace signaling

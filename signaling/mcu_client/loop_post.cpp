#include "signaling/mcu_client/loop_post.h"

#include <glib.h>

#include <deque>
#include <utility>

#include "common/mutex.h"

namespace signaling {

// Outlives its LoopPost for as long as the loop runs what it took from here.
struct LoopPost::Queue {
    common::Mutex mutex;
    std::deque<std::function<void()>> waiting GUARDED_BY(mutex);

    void run_all() EXCLUDES(mutex) {
        std::deque<std::function<void()>> ready;
        {
            common::MutexLock lock(mutex);
            ready.swap(waiting);
        }
        for (const std::function<void()>& work : ready) work();
    }
};

namespace {

gboolean dispatch(GSource* source, GSourceFunc run, gpointer queue) {
    g_source_set_ready_time(source,
                            -1);  // before the queue is looked at: a later post sets it anew
    return run(queue);
}

// GLib keeps a pointer to it, and calls through it.
GSourceFuncs when_ready{nullptr, nullptr, dispatch, nullptr, nullptr, nullptr};

}  // namespace

LoopPost::LoopPost()
    : context_(g_main_context_ref_thread_default()),
      source_(g_source_new(&when_ready, sizeof(GSource))),
      queue_(std::make_shared<Queue>()) {
    g_source_set_callback(
        source_,
        [](gpointer queue) -> gboolean {
            (*static_cast<std::shared_ptr<Queue>*>(queue))->run_all();
            return G_SOURCE_CONTINUE;
        },
        new std::shared_ptr<Queue>(queue_),
        [](gpointer queue) { delete static_cast<std::shared_ptr<Queue>*>(queue); });
    g_source_attach(source_, context_);
}

LoopPost::~LoopPost() {
    g_source_destroy(source_);
    g_source_unref(source_);
    g_main_context_unref(context_);
}

void LoopPost::post(std::function<void()> work) {
    {
        common::MutexLock lock(queue_->mutex);
        queue_->waiting.push_back(std::move(work));
    }
    g_source_set_ready_time(source_, 0);
}

LoopPost::Timer LoopPost::post_after(std::chrono::milliseconds delay, std::function<void()> work) {
    GSource* timer = g_timeout_source_new(static_cast<guint>(delay.count()));
    g_source_set_callback(
        timer,
        [](gpointer data) -> gboolean {
            (*static_cast<std::function<void()>*>(data))();
            return G_SOURCE_REMOVE;
        },
        new std::function<void()>(std::move(work)),
        [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
    g_source_attach(timer, context_);
    g_source_unref(timer);
    return timer;
}

void LoopPost::call_off(Timer timer) {
    g_source_destroy(timer);
}

}  // namespace signaling

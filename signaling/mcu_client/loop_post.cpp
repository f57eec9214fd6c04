#include "signaling/mcu_client/loop_post.h"

#include <glib.h>

#include <utility>

namespace signaling {
namespace {

GSource* attach(GSource* source, GMainContext* context, std::function<void()> work) {
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(
        source,
        [](gpointer data) -> gboolean {
            (*static_cast<std::function<void()>*>(data))();
            return G_SOURCE_REMOVE;
        },
        new std::function<void()>(std::move(work)),
        [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
    g_source_attach(source, context);
    g_source_unref(source);
    return source;
}

}  // namespace

LoopPost::LoopPost() : context_(g_main_context_ref_thread_default()) {}
LoopPost::~LoopPost() {
    g_main_context_unref(context_);
}

void LoopPost::post(std::function<void()> work) {
    attach(g_idle_source_new(), context_, std::move(work));
}

LoopPost::Timer LoopPost::post_after(std::chrono::milliseconds delay, std::function<void()> work) {
    return attach(g_timeout_source_new(static_cast<guint>(delay.count())), context_,
                  std::move(work));
}

void LoopPost::call_off(Timer timer) {
    g_source_destroy(timer);
}

}  // namespace signaling

#pragma once

#include <glib.h>

#include <chrono>

namespace tests {

/// Runs the thread's default GLib context until `holds` or the deadline; true when it held.
template <typename Condition>
bool run_until(Condition&& holds, std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    // Wakes the loop so that conditions on other threads are looked at too.
    const guint ticker = g_timeout_add(
        5, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr);
    bool held = holds();
    while (!held && std::chrono::steady_clock::now() < end) {
        g_main_context_iteration(nullptr, TRUE);
        held = holds();
    }
    g_source_remove(ticker);
    return held;
}

}  // namespace tests

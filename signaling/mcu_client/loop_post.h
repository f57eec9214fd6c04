#pragma once

#include <chrono>
#include <functional>
#include <memory>

struct _GMainContext;  // GLib's
struct _GSource;

namespace signaling {

/// The way back onto signald's loop.
///
/// Thread: `post` any, and so the destructor, which drops what still waits; timers, the loop. Work
///         runs on the loop, in order, never from within `post`.
class LoopPost {
  public:
    /// Posts to the GLib context that is the calling thread's default.
    LoopPost();
    ~LoopPost();
    LoopPost(const LoopPost&) = delete;
    LoopPost& operator=(const LoopPost&) = delete;

    using Timer = _GSource*;
    void post(std::function<void()> work);
    /// The timer belongs to the loop and is gone once its work ran; until then `call_off` may be
    /// called.
    Timer post_after(std::chrono::milliseconds delay, std::function<void()> work);
    static void call_off(Timer timer);

  private:
    struct Queue;

    _GMainContext* context_;
    _GSource* source_;  // ready while something waits
    // A queue of our own, under a lock that tools can see; GLib's are futexes of its own.
    std::shared_ptr<Queue> queue_;
};

}  // namespace signaling

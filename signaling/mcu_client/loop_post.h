#pragma once

#include <chrono>
#include <functional>

struct _GMainContext;  // GLib's
struct _GSource;

namespace signaling {

/// The way back onto signald's loop. Thread: any; work runs on the loop, in order, never from
/// within `post`.
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
    /// called, on the loop.
    Timer post_after(std::chrono::milliseconds delay, std::function<void()> work);
    static void call_off(Timer timer);

  private:
    _GMainContext* context_;
};

}  // namespace signaling

#pragma once

#include <functional>
#include <memory>

#include "common/units.h"

namespace signaling {

/// One-shot timers on the thread's default GMainContext; all that have not run are forgotten with
/// it.
class LoopTimers {
  public:
    LoopTimers();
    ~LoopTimers();
    LoopTimers(const LoopTimers&) = delete;
    LoopTimers& operator=(const LoopTimers&) = delete;

    /// Never from within; in the order of their times. `run` may destroy this object.
    void after(common::Duration delay, std::function<void()> run);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace signaling

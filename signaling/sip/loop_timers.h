#pragma once

#include <cstdint>
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

    /// Never 0.
    using Id = std::uint64_t;

    /// Never from within; in the order of their times. `run` may destroy this object. Of delays of
    /// more than 24 days, 24 days.
    Id after(common::Duration delay, std::function<void()> run);
    /// It will not run; harmless for one that has, and for 0.
    void cancel(Id timer);
    /// `after`, in the place of `timer`, which is cancelled.
    void replace(Id& timer, common::Duration delay, std::function<void()> run);
    [[nodiscard]] std::size_t waiting() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace signaling

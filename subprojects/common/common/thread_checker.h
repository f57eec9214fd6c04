#pragma once

#include <atomic>
#include <thread>

#include "common/invariant.h"
#include "common/thread_annotations.h"

namespace common {

/// Proves that an object stays on one thread. Members are `GUARDED_BY(net_thread_)`; methods start
/// with `net_thread_.check()`. Binds to the thread of the first check; `detach()` lets another
/// thread take over.
class CAPABILITY("thread") ThreadChecker {
  public:
    void check() const ASSERT_CAPABILITY(this) { INVARIANT(is_current()); }
    [[nodiscard]] bool is_current() const {
        const std::thread::id self = std::this_thread::get_id();
        std::thread::id none;
        return owner_.compare_exchange_strong(none, self) || none == self;
    }
    /// The owner gives the object away; the next thread that checks becomes the owner.
    void detach() { owner_.store(std::thread::id()); }

  private:
    mutable std::atomic<std::thread::id> owner_{};
};

}  // namespace common

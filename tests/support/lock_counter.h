#pragma once

#include <cstdint>

namespace tests {

/// Counts the locks that this thread takes while it lives, and how often it had to wait for one:
///   LockCounter locks; ticks.run_tick(1); CHECK(locks.taken() == 0);
/// Counted are mutexes, read-write locks and waits on conditions, of libraries too.
///
/// A binary that includes this has pthread_mutex_lock and its kin of its own
/// (support/lock_counter.cpp). Under ThreadSanitizer, which needs them itself, nothing is counted.
class LockCounter {
  public:
    LockCounter();
    [[nodiscard]] std::uint64_t taken() const;
    /// Times a lock was somebody else's, or a condition was waited for.
    [[nodiscard]] std::uint64_t waits() const;
    /// False where nothing is counted.
    static bool counts();

  private:
    std::uint64_t taken_before_, waits_before_;
};

}  // namespace tests

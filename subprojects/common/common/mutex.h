#pragma once

#include <condition_variable>
#include <mutex>

#include "common/thread_annotations.h"

namespace common {

/// std::mutex that clang's thread-safety analysis can see (libstdc++'s carries no annotations).
class CAPABILITY("mutex") Mutex {
  public:
    void lock() ACQUIRE() { mutex_.lock(); }
    void unlock() RELEASE() { mutex_.unlock(); }

  private:
    std::mutex mutex_;
};

/// Holds a Mutex for a scope.
class SCOPED_CAPABILITY MutexLock {
  public:
    explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() RELEASE() { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

  private:
    Mutex& mutex_;
};

/// Waits with a Mutex held. `wait` may return early: call it in a loop that tests the condition.
class CondVar {
  public:
    void wait(Mutex& mutex) REQUIRES(mutex) { cv_.wait(mutex); }
    template <typename Rep, typename Period>
    void wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> d) REQUIRES(mutex) {
        cv_.wait_for(mutex, d);
    }
    void notify_one() { cv_.notify_one(); }
    void notify_all() { cv_.notify_all(); }

  private:
    std::condition_variable_any cv_;
};

}  // namespace common

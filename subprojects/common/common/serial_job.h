#pragma once

#include <atomic>

#include "common/executor.h"
#include "common/mutex.h"

namespace common {

/// Work that must never run on two threads at once, woken whenever there may be something to do.
///
/// A decoder or an encoder derives from it: `poke()` after each push to its queue; `work()` empties
/// the queue. Thread: `poke` any thread. `work` runs on the executor, one call at a time; a poke
/// during a run causes
///         another run. `close` must be called before the derived class is destroyed: it waits for
///         a run under way and for a queued one, and makes later pokes harmless.
class SerialJob : private Job {
  public:
    explicit SerialJob(Executor& executor) : executor_(executor) {}
    ~SerialJob() override;
    SerialJob(const SerialJob&) = delete;
    SerialJob& operator=(const SerialJob&) = delete;

    /// Takes no lock.
    void poke();
    /// Blocks until no run is queued or under way (with a ManualExecutor: run it until then,
    /// first).
    void close() EXCLUDES(mutex_);

  protected:
    virtual void work() = 0;

  private:
    /// One of these, and beside it kClosed.
    static constexpr unsigned kIdle = 0, kQueued = 1, kRunning = 2, kRunningAndPoked = 3;
    static constexpr unsigned kClosed = 4;
    void run() final EXCLUDES(mutex_);
    void finish() EXCLUDES(mutex_);

    Executor& executor_;
    std::atomic<unsigned> state_{kIdle};
    Mutex mutex_;  ///< of `close` and of the run that it waits for
    CondVar idle_;
};

}  // namespace common

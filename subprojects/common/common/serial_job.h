#pragma once

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

    void poke() EXCLUDES(mutex_);
    /// Blocks until no run is queued or under way (with a ManualExecutor: run it until then,
    /// first).
    void close() EXCLUDES(mutex_);

  protected:
    virtual void work() = 0;

  private:
    enum class State { Idle, Queued, Running, RunningAndPoked };
    void run() final EXCLUDES(mutex_);

    Executor& executor_;
    Mutex mutex_;
    CondVar idle_;
    State state_ GUARDED_BY(mutex_) = State::Idle;
    bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace common

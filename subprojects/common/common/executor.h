#pragma once

#include "common/units.h"

namespace common {

/// A piece of work with storage of its own, so that submitting it allocates nothing.
class Job {
  public:
    virtual ~Job() = default;
    virtual void run() = 0;

  private:
    friend class JobList;
    friend class JobInbox;
    // Of the executor, from `submit` until it runs.
    Job* next_ = nullptr;
    Timestamp submitted_;
};

/// Runs jobs, in order of submission, on threads of its choosing.
/// Implementations: `MediaPool` (worker threads), `ManualExecutor` (tests).
class Executor {
  public:
    virtual ~Executor() = default;
    /// Any thread; takes no lock and never blocks. The job must outlive its run and must not be
    /// submitted again before that run has begun: use `SerialJob`, which sees to both.
    virtual void submit(Job& job) = 0;
};

}  // namespace common

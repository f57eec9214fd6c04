#pragma once

namespace common {

/// A piece of work with storage of its own, so that submitting it allocates nothing.
class Job {
  public:
    virtual ~Job() = default;
    virtual void run() = 0;
};

/// Runs jobs, in order of submission, on threads of its choosing.
/// Implementations: `MediaPool` (worker threads), `ManualExecutor` (tests).
class Executor {
  public:
    virtual ~Executor() = default;
    /// Any thread; never blocks on the job. The job must outlive its run and must not be submitted
    /// again before that run has begun: use `SerialJob`, which sees to both.
    virtual void submit(Job& job) = 0;
};

}  // namespace common

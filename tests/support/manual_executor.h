#pragma once

#include <cstddef>
#include <vector>

#include "common/executor.h"

namespace tests {

/// Runs jobs when the test says so, on the test's thread. Submitting allocates nothing while fewer
/// than 256 jobs wait, so that ticks can be counted through it.
class ManualExecutor final : public common::Executor {
  public:
    ManualExecutor() { jobs_.reserve(256); }
    void submit(common::Job& job) override { jobs_.push_back(&job); }
    bool run_one() {
        if (next_ == jobs_.size()) return false;
        common::Job* job = jobs_[next_++];
        if (next_ == jobs_.size()) {
            jobs_.clear();
            next_ = 0;
        }
        job->run();
        return true;
    }
    void run_all() {
        while (run_one()) {
        }
    }

  private:
    std::vector<common::Job*> jobs_;
    std::size_t next_ = 0;
};

}  // namespace tests

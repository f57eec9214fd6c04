#pragma once

#include <deque>

#include "common/executor.h"

namespace tests {

/// Runs jobs when the test says so, on the test's thread.
class ManualExecutor final : public common::Executor {
  public:
    void submit(common::Job& job) override { jobs_.push_back(&job); }
    bool run_one() {
        if (jobs_.empty()) return false;
        common::Job* job = jobs_.front();
        jobs_.pop_front();
        job->run();
        return true;
    }
    void run_all() {
        while (run_one()) {
        }
    }

  private:
    std::deque<common::Job*> jobs_;
};

}  // namespace tests

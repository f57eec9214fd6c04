#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "common/executor.h"
#include "common/invariant.h"

namespace common {

/// Jobs in a row, first in, first out, linked through themselves.
/// Thread: one at a time.
class JobList {
  public:
    [[nodiscard]] bool empty() const { return first_ == nullptr; }
    void push(Job& job) {
        job.next_ = nullptr;
        (last_ != nullptr ? last_->next_ : first_) = &job;
        last_ = &job;
    }
    Job& pop() {
        INVARIANT(first_ != nullptr);
        Job& job = *std::exchange(first_, first_->next_);
        if (first_ == nullptr) last_ = nullptr;
        return job;
    }
    /// When the first one was submitted; there must be one.
    [[nodiscard]] Timestamp since() const { return first_->submitted_; }

  private:
    Job* first_ = nullptr;
    Job* last_ = nullptr;
};

/// Where any thread leaves jobs without waiting for anybody.
/// Thread: `push` any; `move_to` one at a time.
class JobInbox {
  public:
    void push(Job& job, Timestamp now) {
        job.submitted_ = now;
        job.next_ = newest_.load(std::memory_order_relaxed);
        while (!newest_.compare_exchange_weak(job.next_, &job, std::memory_order_release,
                                              std::memory_order_relaxed)) {
        }
    }
    /// All that is there, in the order in which it came.
    void move_to(JobList& list) {
        Job* newest = newest_.exchange(nullptr, std::memory_order_acquire);
        Job* oldest = nullptr;
        while (newest != nullptr) {
            Job* const before = std::exchange(newest->next_, oldest);
            oldest = std::exchange(newest, before);
        }
        while (oldest != nullptr) list.push(*std::exchange(oldest, oldest->next_));
    }

  private:
    std::atomic<Job*> newest_{nullptr};  ///< each knows the one before it
};

}  // namespace common

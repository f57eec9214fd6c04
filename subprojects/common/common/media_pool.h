#pragma once

#include <cstddef>
#include <thread>
#include <vector>

#include "common/executor.h"
#include "common/mutex.h"

namespace common {

/// The worker threads that decode and encode: about one per core, first in, first out.
///
/// Owner: borrows jobs. Destroy (or close) every SerialJob before the pool.
/// Full:  the ring grows; a job is in it at most once, so its size is bounded by the number of
/// jobs.
class MediaPool final : public Executor {
  public:
    explicit MediaPool(unsigned thread_count);
    ~MediaPool() override;
    void submit(Job& job) override EXCLUDES(mutex_);
    [[nodiscard]] std::size_t depth() const EXCLUDES(mutex_);

  private:
    void work() EXCLUDES(mutex_);

    mutable Mutex mutex_;
    CondVar not_empty_;
    std::vector<Job*> ring_ GUARDED_BY(mutex_);
    std::size_t head_ GUARDED_BY(mutex_) = 0;
    std::size_t size_ GUARDED_BY(mutex_) = 0;
    bool stopping_ GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

}  // namespace common

#pragma once

#include <cstddef>
#include <thread>
#include <vector>

#include "common/executor.h"
#include "common/mutex.h"

namespace common {

/// The worker threads that decode and encode: about one per core. Urgent jobs go first, and each
/// kind first in, first out.
///
/// A picture that is decoded too late misses its tick, for everybody; one that is encoded a little
/// later is still in time. So decoders are urgent: they are short, and however many there are, they
/// keep encoders waiting rather than the other way round.
///
/// Owner: borrows jobs. Destroy (or close) every SerialJob before the pool.
/// Full:  the ring grows; a job is in it at most once, so its size is bounded by the number of
/// jobs.
class MediaPool final : public Executor {
  public:
    explicit MediaPool(unsigned thread_count);
    ~MediaPool() override;
    void submit(Job& job) override EXCLUDES(mutex_);
    /// The same threads, for jobs that go before those of `submit`.
    [[nodiscard]] Executor& urgent() { return urgent_; }
    [[nodiscard]] std::size_t depth() const EXCLUDES(mutex_);

  private:
    class Urgent final : public Executor {
      public:
        explicit Urgent(MediaPool& pool) : pool_(pool) {}
        void submit(Job& job) override { pool_.submit(job, true); }

      private:
        MediaPool& pool_;
    };
    class Ring {
      public:
        [[nodiscard]] std::size_t size() const { return size_; }
        void push(Job& job);
        Job& pop();

      private:
        std::vector<Job*> slots_ = std::vector<Job*>(256);
        std::size_t head_ = 0;
        std::size_t size_ = 0;
    };

    void submit(Job& job, bool urgent) EXCLUDES(mutex_);
    void work() EXCLUDES(mutex_);

    mutable Mutex mutex_;
    CondVar not_empty_;
    Ring urgent_jobs_ GUARDED_BY(mutex_);
    Ring jobs_ GUARDED_BY(mutex_);
    Urgent urgent_{*this};
    bool stopping_ GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

}  // namespace common

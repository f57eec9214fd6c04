#pragma once

#include <semaphore.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/executor.h"
#include "common/job_list.h"
#include "common/mutex.h"
#include "common/units.h"

namespace common {

/// The worker threads that decode and encode: about one per core. Urgent jobs go first, and each
/// kind first in, first out.
///
/// A picture that is decoded too late misses its tick, for everybody; one that is encoded a little
/// later is still in time. So decoders are urgent, being short; but what has waited for kPatience
/// goes before them, or a machine with too much to decode would send nobody anything.
///
/// Owner: borrows jobs. Destroy (or close) every SerialJob before the pool.
/// Thread: `submit` takes no lock: ticks call it. Workers take one among themselves.
/// Full:  jobs are linked through themselves, each at most once: there is always room.
class MediaPool final : public Executor {
  public:
    /// How long jobs waited for a thread, counted since the pool began.
    struct Waits {
        /// Of all entries but the last, which holds those that waited longer than any.
        static constexpr std::array<Duration, 8> kUpTo{
            std::chrono::milliseconds(1),  std::chrono::milliseconds(2),
            std::chrono::milliseconds(4),  std::chrono::milliseconds(8),
            std::chrono::milliseconds(16), std::chrono::milliseconds(33),
            std::chrono::milliseconds(50), std::chrono::milliseconds(100)};
        std::array<std::uint64_t, kUpTo.size() + 1> jobs{};
    };
    /// Less than a tick, so that an encoder that had to wait is done before its next picture.
    static constexpr Duration kPatience = std::chrono::milliseconds(15);

    MediaPool(unsigned thread_count, const Clock& clock);
    ~MediaPool() override;
    void submit(Job& job) override;
    /// The same threads, for jobs that go before those of `submit`.
    [[nodiscard]] Executor& urgent() { return urgent_; }
    [[nodiscard]] std::size_t depth() const { return depth_.load(std::memory_order_relaxed); }
    [[nodiscard]] Waits waits() const EXCLUDES(mutex_);

  private:
    class Urgent final : public Executor {
      public:
        explicit Urgent(MediaPool& pool) : pool_(pool) {}
        void submit(Job& job) override { pool_.submit(job, pool_.urgent_inbox_); }

      private:
        MediaPool& pool_;
    };
    void submit(Job& job, JobInbox& inbox);
    void work() EXCLUDES(mutex_);
    [[nodiscard]] Job* take() EXCLUDES(mutex_);

    const Clock& clock_;
    mutable Mutex mutex_;
    JobInbox urgent_inbox_, inbox_;
    sem_t submitted_;  ///< one up for each job, and for each thread at the end
    JobList urgent_jobs_ GUARDED_BY(mutex_);
    JobList jobs_ GUARDED_BY(mutex_);
    std::atomic<std::size_t> depth_{0};
    Urgent urgent_{*this};
    Waits waits_ GUARDED_BY(mutex_);
    std::vector<std::thread> threads_;
};

}  // namespace common

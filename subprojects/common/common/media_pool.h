#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/executor.h"
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
/// Full:  the ring grows; a job is in it at most once, so its size is bounded by the number of
/// jobs.
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
    void submit(Job& job) override EXCLUDES(mutex_);
    /// The same threads, for jobs that go before those of `submit`.
    [[nodiscard]] Executor& urgent() { return urgent_; }
    [[nodiscard]] std::size_t depth() const EXCLUDES(mutex_);
    [[nodiscard]] Waits waits() const EXCLUDES(mutex_);

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
        void push(Job& job, Timestamp now);
        Job& pop(Timestamp now, Waits& waits);
        /// Of the one that comes next; there must be one.
        [[nodiscard]] Timestamp since() const { return slots_[head_].since; }

      private:
        struct Waiting {
            Job* job = nullptr;
            Timestamp since;
        };
        std::vector<Waiting> slots_ = std::vector<Waiting>(256);
        std::size_t head_ = 0;
        std::size_t size_ = 0;
    };

    void submit(Job& job, bool urgent) EXCLUDES(mutex_);
    void work() EXCLUDES(mutex_);
    [[nodiscard]] Job& take() REQUIRES(mutex_);

    const Clock& clock_;
    mutable Mutex mutex_;
    CondVar not_empty_;
    Ring urgent_jobs_ GUARDED_BY(mutex_);
    Ring jobs_ GUARDED_BY(mutex_);
    Urgent urgent_{*this};
    Waits waits_ GUARDED_BY(mutex_);
    bool stopping_ GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

}  // namespace common

#include "common/media_pool.h"

#include <algorithm>
#include <cerrno>

#include "common/invariant.h"

namespace common {

MediaPool::MediaPool(unsigned thread_count, const Clock& clock) : clock_(clock) {
    INVARIANT(sem_init(&submitted_, 0, 0) == 0);
    for (unsigned i = 0; i < thread_count; ++i) threads_.emplace_back([this] { work(); });
}

/// A thread that is woken and finds nothing is at its end, so all that was submitted is run.
MediaPool::~MediaPool() {
    for (std::size_t i = 0; i < threads_.size(); ++i) sem_post(&submitted_);
    for (std::thread& thread : threads_) thread.join();
    sem_destroy(&submitted_);
}

void MediaPool::submit(Job& job) {
    submit(job, inbox_);
}

void MediaPool::submit(Job& job, JobInbox& inbox) {
    depth_.fetch_add(1, std::memory_order_relaxed);
    inbox.push(job, clock_.now());
    INVARIANT(sem_post(&submitted_) == 0);
}

MediaPool::Waits MediaPool::waits() const {
    MutexLock lock(mutex_);
    return waits_;
}

/// Null: none is left, and there will be no more.
Job* MediaPool::take() {
    MutexLock lock(mutex_);
    urgent_inbox_.move_to(urgent_jobs_);
    inbox_.move_to(jobs_);
    if (urgent_jobs_.empty() && jobs_.empty()) return nullptr;
    const Timestamp now = clock_.now();
    const bool urgent =
        !urgent_jobs_.empty() && (jobs_.empty() || now - jobs_.since() <= kPatience);
    JobList& from = urgent ? urgent_jobs_ : jobs_;
    const auto up_to = std::ranges::lower_bound(Waits::kUpTo, now - from.since());
    ++waits_.jobs[static_cast<std::size_t>(up_to - Waits::kUpTo.begin())];
    depth_.fetch_sub(1, std::memory_order_relaxed);
    return &from.pop();
}

void MediaPool::work() {
    while (true) {
        while (sem_wait(&submitted_) != 0) INVARIANT(errno == EINTR);
        Job* const job = take();
        if (job == nullptr) return;
        job->run();
    }
}

}  // namespace common

#include "common/media_pool.h"

#include <algorithm>

namespace common {

MediaPool::MediaPool(unsigned thread_count, const Clock& clock) : clock_(clock) {
    for (unsigned i = 0; i < thread_count; ++i) threads_.emplace_back([this] { work(); });
}

MediaPool::~MediaPool() {
    {
        MutexLock lock(mutex_);
        stopping_ = true;
        not_empty_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
}

void MediaPool::Ring::push(Job& job, Timestamp now) {
    if (size_ == slots_.size()) {
        std::vector<Waiting> larger(slots_.size() * 2);
        for (std::size_t i = 0; i < size_; ++i) larger[i] = slots_[(head_ + i) % slots_.size()];
        slots_.swap(larger);
        head_ = 0;
    }
    slots_[(head_ + size_) % slots_.size()] = {&job, now};
    ++size_;
}

Job& MediaPool::Ring::pop(Timestamp now, Waits& waits) {
    Job& job = *slots_[head_].job;
    const auto up_to = std::ranges::lower_bound(Waits::kUpTo, now - slots_[head_].since);
    ++waits.jobs[static_cast<std::size_t>(up_to - Waits::kUpTo.begin())];
    head_ = (head_ + 1) % slots_.size();
    --size_;
    return job;
}

void MediaPool::submit(Job& job) {
    submit(job, false);
}

void MediaPool::submit(Job& job, bool urgent) {
    MutexLock lock(mutex_);
    (urgent ? urgent_jobs_ : jobs_).push(job, clock_.now());
    not_empty_.notify_one();
}

std::size_t MediaPool::depth() const {
    MutexLock lock(mutex_);
    return urgent_jobs_.size() + jobs_.size();
}

MediaPool::Waits MediaPool::waits() const {
    MutexLock lock(mutex_);
    return waits_;
}

Job& MediaPool::take() {
    const Timestamp now = clock_.now();
    const bool urgent =
        urgent_jobs_.size() != 0 && (jobs_.size() == 0 || now - jobs_.since() <= kPatience);
    return (urgent ? urgent_jobs_ : jobs_).pop(now, waits_);
}

void MediaPool::work() {
    while (true) {
        Job* job = nullptr;
        {
            MutexLock lock(mutex_);
            while (urgent_jobs_.size() + jobs_.size() == 0 && !stopping_) not_empty_.wait(mutex_);
            if (urgent_jobs_.size() + jobs_.size() == 0) return;
            job = &take();
        }
        job->run();
    }
}

}  // namespace common

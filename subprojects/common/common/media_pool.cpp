#include "common/media_pool.h"

namespace common {

MediaPool::MediaPool(unsigned thread_count) : ring_(256) {
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

void MediaPool::submit(Job& job) {
    MutexLock lock(mutex_);
    if (size_ == ring_.size()) {
        std::vector<Job*> larger(ring_.size() * 2);
        for (std::size_t i = 0; i < size_; ++i) larger[i] = ring_[(head_ + i) % ring_.size()];
        ring_.swap(larger);
        head_ = 0;
    }
    ring_[(head_ + size_) % ring_.size()] = &job;
    ++size_;
    not_empty_.notify_one();
}

std::size_t MediaPool::depth() const {
    MutexLock lock(mutex_);
    return size_;
}

void MediaPool::work() {
    while (true) {
        Job* job = nullptr;
        {
            MutexLock lock(mutex_);
            while (size_ == 0 && !stopping_) not_empty_.wait(mutex_);
            if (size_ == 0) return;
            job = ring_[head_];
            head_ = (head_ + 1) % ring_.size();
            --size_;
        }
        job->run();
    }
}

}  // namespace common

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/invariant.h"
#include "common/mutex.h"

namespace common {

/// The written answer to "full".
enum class WhenFull : std::uint8_t { DropOldest, DropNewest };

/// A queue between threads with a written capacity and a written answer to "full".
///
/// Thread: any thread, both ends. The lock is held for one move, never across a callback or an
/// allocation:
///         the slots are made in the constructor.
/// Errors: none; what did not fit is counted in `dropped()`.
template <typename T>
class BoundedQueue {
  public:
    BoundedQueue(std::size_t capacity, WhenFull when_full)
        : when_full_(when_full), slots_(capacity) {
        INVARIANT(capacity > 0);
    }

    /// False when something (the oldest or this value, by `when_full`) had to go.
    bool push(T value) EXCLUDES(mutex_) {
        std::optional<T> evicted;  // destroyed after the lock is released
        MutexLock lock(mutex_);
        if (size_ == slots_.size()) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            if (when_full_ == WhenFull::DropNewest) return false;
            evicted = std::move(slots_[head_]);
            slots_[head_].reset();
            head_ = (head_ + 1) % slots_.size();
            --size_;
        }
        slots_[(head_ + size_) % slots_.size()] = std::move(value);
        ++size_;
        return !evicted.has_value();
    }

    [[nodiscard]] std::optional<T> pop() EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (size_ == 0) return std::nullopt;
        std::optional<T> value = std::move(slots_[head_]);
        slots_[head_].reset();
        head_ = (head_ + 1) % slots_.size();
        --size_;
        return value;
    }

    void clear() {
        while (pop()) {
        }
    }

    /// Gauge; true at the moment it was read.
    [[nodiscard]] std::size_t depth() const EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        return size_;
    }
    [[nodiscard]] std::size_t capacity() const { return slots_.size(); }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  private:
    const WhenFull when_full_;
    mutable Mutex mutex_;
    std::vector<std::optional<T>> slots_;
    std::size_t head_ GUARDED_BY(mutex_) = 0;
    std::size_t size_ GUARDED_BY(mutex_) = 0;
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace common

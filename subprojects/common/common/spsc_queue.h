#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace common {

/// A queue from one thread to another that neither ever waits for.
///
/// Thread: `push` one thread at a time, `pop` one thread at a time.
/// Full:   what is pushed is dropped, and counted in `dropped()`.
template <typename T, std::size_t kCapacity>
class SpscQueue {
  public:
    /// False when it was full.
    bool push(T value) {
        const std::uint64_t end = end_.load(std::memory_order_relaxed);
        if (end - begin_.load(std::memory_order_acquire) == kCapacity) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return false;
        }
        slots_[end % kCapacity] = std::move(value);
        end_.store(end + 1, std::memory_order_release);
        return true;
    }

    [[nodiscard]] std::optional<T> pop() {
        const std::uint64_t begin = begin_.load(std::memory_order_relaxed);
        if (begin == end_.load(std::memory_order_acquire)) return std::nullopt;
        std::optional<T> value = std::exchange(slots_[begin % kCapacity], std::nullopt);
        begin_.store(begin + 1, std::memory_order_release);
        return value;
    }

    [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  private:
    std::array<std::optional<T>, kCapacity> slots_;
    std::atomic<std::uint64_t> begin_{0}, end_{0};  ///< counted since the queue was made
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace common

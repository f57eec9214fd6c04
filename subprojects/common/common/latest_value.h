#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <utility>

namespace common {

/// Room for one value between two threads, of which only the newest counts; neither ever waits for
/// the other.
///
/// Three places: one that is written, one that is read, and one between, which both exchange for
/// theirs.
/// Thread: `put` one thread at a time, `take` one thread at a time.
/// Full:   the older value is dropped.
template <typename T>
class LatestValue {
  public:
    /// False when a value that nobody took had to go.
    bool put(T value) {
        places_[written_] = std::move(value);
        const unsigned before = between_.exchange(written_ | kFresh, std::memory_order_acq_rel);
        written_ = before & ~kFresh;
        places_[written_].reset();
        return (before & kFresh) == 0;
    }

    [[nodiscard]] std::optional<T> take() {
        if ((between_.load(std::memory_order_relaxed) & kFresh) == 0) return std::nullopt;
        read_ = between_.exchange(read_, std::memory_order_acq_rel) & ~kFresh;
        return std::exchange(places_[read_], std::nullopt);
    }

  private:
    static constexpr unsigned kFresh = 4;
    std::array<std::optional<T>, 3> places_;
    unsigned written_ = 0;              // of who puts
    unsigned read_ = 1;                 // of who takes
    std::atomic<unsigned> between_{2};  ///< which place, and whether it holds something new
};

}  // namespace common

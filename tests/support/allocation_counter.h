#pragma once

#include <cstdint>

namespace tests {

/// Counts this thread's heap allocations (operator new and malloc through it) while it lives:
///   AllocationCounter counter; mixer.tick(now); CHECK(counter.count() == 0);
/// A binary that includes this replaces the global operator new (support/allocation_counter.cpp).
class AllocationCounter {
  public:
    AllocationCounter();
    [[nodiscard]] std::uint64_t count() const;

  private:
    std::uint64_t start_;
};

}  // namespace tests

#pragma once

#include <atomic>

#include "common/clock.h"

namespace tests {

/// A clock that stands still until the test moves it. Starts at 1000 s, so that "0" is visibly not
/// a time.
class FakeClock final : public common::Clock {
  public:
    [[nodiscard]] common::Timestamp now() const override {
        return common::Timestamp::from_ns(ns_.load());
    }
    void advance(common::Duration d) { ns_ += d.count(); }

  private:
    std::atomic<std::int64_t> ns_{1'000'000'000'000};
};

}  // namespace tests

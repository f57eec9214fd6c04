#pragma once

#include <deque>

#include "common/units.h"

namespace mcu {

/// How many people were in a meeting of late: so that who drops out for a moment does not turn over
/// everybody's picture.
///
/// Time is the caller's. Remembers a minute.
class PeopleCount {
  public:
    /// From `now` on there are `count`.
    void note(common::Timestamp now, int count) {
        while (changes_.size() > 1 && now - changes_[1].from > kMemory) changes_.pop_front();
        if (changes_.empty() || changes_.back().count != count) changes_.push_back({now, count});
    }
    /// The most there were at any time since `then`.
    [[nodiscard]] int most_since(common::Timestamp then) const {
        int most = 0;
        for (std::size_t i = changes_.size(); i-- > 0;) {
            most = most < changes_[i].count ? changes_[i].count : most;
            if (changes_[i].from <= then) break;
        }
        return most;
    }

  private:
    static constexpr common::Duration kMemory = std::chrono::minutes(1);
    struct Change {
        common::Timestamp from;
        int count;
    };
    std::deque<Change> changes_;
};

}  // namespace mcu

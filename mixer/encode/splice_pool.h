#pragma once

#include <memory>
#include <span>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"
#include "common/result.h"
#include "mixer/codec/video_encoder.h"
#include "mixer/encode/stage_counters.h"

namespace mixer {

/// Splice contexts of one stage, lent to whichever Rendition makes a start: about as many per
/// format as encode at once. Starts come in clusters (a meeting begins, a link is bad); a context
/// that nobody needed for kLongestRest gives its 15 MB back.
///
/// Thread: any; the lock is not held while a context is opened or closed.
class SplicePool {
  public:
    static constexpr common::Duration kLongestRest = std::chrono::seconds(2);

    SplicePool(StageCounters& counters, const common::Clock& clock)
        : counters_(counters), clock_(clock) {}

    [[nodiscard]] common::Result<std::unique_ptr<SpliceEncoder>> take(const StreamFormat& format)
        EXCLUDES(mutex_);
    void give_back(const StreamFormat& format, std::unique_ptr<SpliceEncoder> encoder)
        EXCLUDES(mutex_);
    /// Closes one that failed instead of giving it back.
    void discard(std::unique_ptr<SpliceEncoder> encoder);
    /// Closes idle contexts of all other formats, and those that rested for long.
    void keep_only(std::span<const StreamFormat> formats) EXCLUDES(mutex_);

  private:
    struct Idle {
        StreamFormat format;
        std::unique_ptr<SpliceEncoder> encoder;
        common::Timestamp since;
    };
    StageCounters& counters_;
    const common::Clock& clock_;
    common::Mutex mutex_;
    std::vector<Idle> idle_ GUARDED_BY(mutex_);
};

}  // namespace mixer

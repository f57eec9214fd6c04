#pragma once

#include <memory>
#include <span>
#include <vector>

#include "common/mutex.h"
#include "common/result.h"
#include "mixer/codec/video_encoder.h"
#include "mixer/encode/stage_counters.h"

namespace mixer {

/// Splice contexts of one stage, lent to whichever Rendition makes a start: about as many per
/// format as encode at once.
///
/// Thread: any; the lock is not held while a context is opened or closed.
class SplicePool {
  public:
    explicit SplicePool(StageCounters& counters) : counters_(counters) {}

    [[nodiscard]] common::Result<std::unique_ptr<SpliceEncoder>> take(const StreamFormat& format)
        EXCLUDES(mutex_);
    void give_back(const StreamFormat& format, std::unique_ptr<SpliceEncoder> encoder)
        EXCLUDES(mutex_);
    /// Closes idle contexts of all other formats.
    void keep_only(std::span<const StreamFormat> formats) EXCLUDES(mutex_);

  private:
    struct Idle {
        StreamFormat format;
        std::unique_ptr<SpliceEncoder> encoder;
    };
    StageCounters& counters_;
    common::Mutex mutex_;
    std::vector<Idle> idle_ GUARDED_BY(mutex_);
};

}  // namespace mixer

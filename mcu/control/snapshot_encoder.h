#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "common/mutex.h"
#include "common/result.h"
#include "common/serial_job.h"
#include "mixer/video/video_frame.h"

namespace mcu {

/// Makes PNG files of pictures on the media pool, one at a time: compressing one takes as long as
/// encoding several pictures of a meeting, and neither ticks nor commands may wait for it.
///
/// Thread: `encode` any thread; `done` runs on the pool, once for every picture taken.
/// Full:   16 wait at most; further ones are refused.
/// Owner:  destroyed before the executor; pictures that wait then are answered Unavailable.
class SnapshotEncoder final : private common::SerialJob {
  public:
    static constexpr std::size_t kMostWaiting = 16;
    using Done = std::function<void(common::Result<std::vector<std::uint8_t>>)>;

    explicit SnapshotEncoder(common::Executor& executor) : SerialJob(executor) {}
    ~SnapshotEncoder() override;

    /// False, and `done` never runs, when too many wait.
    [[nodiscard]] bool encode(mixer::FrameRef picture, Done done) EXCLUDES(mutex_);

  private:
    struct Waiting {
        mixer::FrameRef picture;
        Done done;
    };
    void work() override EXCLUDES(mutex_);

    common::Mutex mutex_;
    std::deque<Waiting> waiting_ GUARDED_BY(mutex_);
};

}  // namespace mcu

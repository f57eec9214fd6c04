#pragma once

#include <cstdint>

#include "common/media_pool.h"
#include "common/units.h"
#include "mcu/load/node_load.h"

namespace mcu {

/// What a node's threads counted, since they began.
struct LoadCounts {
    common::Duration cpu_time{};     ///< of the whole process
    common::Duration encode_time{};  ///< of that: of all video encoders
    common::MediaPool::Waits waits;
    common::Duration tick_late{};  ///< the latest tick since the counts before
    std::uint64_t video_ticks_skipped = 0;
    std::uint64_t audio_ticks_skipped = 0;
    std::uint64_t pictures_encoded = 0;
    std::uint64_t pictures_skipped = 0;
};

/// Makes figures of two readings of what threads counted.
///
/// Thread: one. Pure: time and counts are handed in.
class LoadMeter {
  public:
    struct Config {
        double cores = 1;  ///< that the process may use
        double video_ticks_per_second = 30;
        double audio_ticks_per_second = 50;
    };
    explicit LoadMeter(const Config& config) : config_(config) {}

    /// The figures of the time since the call before; all 0 at the first.
    LoadFigures look(common::Timestamp now, const LoadCounts& counts);

  private:
    const Config config_;
    bool looked_ = false;
    common::Timestamp before_;
    LoadCounts counts_;
};

/// CPU time that this process has used, of all threads.
[[nodiscard]] common::Duration process_cpu_time();
/// The cores that this process may run on (sched_getaffinity); at least 1.
[[nodiscard]] int cores_allowed();

}  // namespace mcu

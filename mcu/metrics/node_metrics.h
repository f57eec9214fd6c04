#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/media_pool.h"
#include "mcu/bridge/conference_state.h"
#include "mcu/bridge/tick_thread.h"

namespace mcu {

/// One meeting, and whose room it is.
struct ConferenceSample {
    std::string room;
    ConferenceStatistics statistics;
};

/// What the node as a whole counts. Any thread may read what it borrows.
struct NodeSample {
    const TickThread& audio_tick;
    const TickThread& video_tick;
    const common::MediaPool& pool;
    std::size_t max_sessions = 0;
    std::vector<ConferenceSample> conferences;  ///< of two in one room the last one is told
};

/// The text of tessera-mcud's /metrics. Labels are rooms, never people: a room is a few series, and
/// names of people are nobody's business in a monitoring system.
[[nodiscard]] std::string node_metrics(const NodeSample& node);

}  // namespace mcu

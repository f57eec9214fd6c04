#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/media_pool.h"
#include "mcu/bridge/tick_thread.h"
#include "mcu/load/node_load.h"
#include "mcu/metrics/room_totals.h"

namespace mcu {

/// What the node as a whole counts. Any thread may read what it borrows.
struct NodeSample {
    const TickThread& audio_tick;
    const TickThread& video_tick;
    const common::MediaPool& pool;
    std::size_t max_sessions = 0;
    NodeLoad load;
    /// The oldest first; of two in one room the last one is told.
    std::vector<ConferenceSample> conferences;
};

/// So many rooms have series of their own, the oldest meetings first: callers choose names of rooms
/// where rooms are made for them, and a monitoring system keeps each name for months.
inline constexpr std::size_t kMostRoomsTold = 100;

/// The text of tessera-mcud's /metrics. Labels are rooms, never people: a room is a few dozen
/// series, and names of people are nobody's business in a monitoring system.
/// `totals` looks at the conferences.
[[nodiscard]] std::string node_metrics(const NodeSample& node, RoomTotals& totals);

}  // namespace mcu

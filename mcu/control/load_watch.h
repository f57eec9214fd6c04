#pragma once

#include <cstdint>

#include "common/clock.h"
#include "common/media_pool.h"
#include "mcu/bridge/tick_thread.h"
#include "mcu/control/node.h"
#include "mcu/load/load_meter.h"
#include "mcu/load/new_people.h"
#include "mcu/load/overload_ladder.h"

namespace mcu {

/// Twice a second: reads what was late, lets the ladder decide, has all bridges obey, and says so
/// in the log and to all who watch.
///
/// Thread: control thread.
/// Owner:  borrows all it reads.
class LoadWatch {
  public:
    struct Sources {
        const common::MediaPool& pool;
        TickThread& audio_tick;
        TickThread& video_tick;
    };
    static constexpr common::Duration kInterval = std::chrono::milliseconds(500);

    /// `load_limit`: CPU share at which nobody new is let in; 1: none.
    LoadWatch(const Sources& sources, double load_limit, Node& node, NodeEvents& events);

    void look(common::Timestamp now);

  private:
    [[nodiscard]] LoadCounts counts() const;
    void obey(const OverloadLadder::Change& change, const LoadFigures& figures);

    const Sources sources_;
    Node& node_;
    NodeEvents& events_;
    LoadMeter meter_;
    OverloadLadder ladder_;
    NewPeople new_people_;
    NodeLoad load_;
};

}  // namespace mcu

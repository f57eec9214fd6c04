#pragma once

#include <map>
#include <string>
#include <vector>

#include "mcu/session/media_config.h"

namespace mcu {

/// Says for the log what one session's ports dropped since it was last asked.
///
/// Thread: control thread.
class DropWatch {
  public:
    /// For each medium that dropped something: "mid=0 foreign_address=12 misplaced=50".
    [[nodiscard]] std::vector<std::string> news(const std::vector<StreamCounters>& streams);

  private:
    std::map<std::string, DropCounts> told_;  ///< by mid; of media that are open
};

}  // namespace mcu

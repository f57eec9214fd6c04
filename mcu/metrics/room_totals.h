#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "mcu/bridge/conference_state.h"

namespace mcu {

/// One meeting, and whose room it is.
struct ConferenceSample {
    std::string room;
    ConferenceStatistics statistics;
};

/// Makes counters of what streams count: the sums of a room go on when somebody leaves, so that a
/// rate can be taken of them. Once a look finds no
/// meeting in a room, its next one begins at 0.
///
/// What a stream counted between the last look and its end is not in them.
/// Thread: one.
class RoomTotals {
  public:
    struct Sums {
        std::uint64_t received = 0, sent = 0;   ///< RTP packets
        std::uint64_t lost = 0, recovered = 0;  ///< of those that should have come
        std::uint64_t dropped = 0;              ///< came, and were not taken
        std::uint64_t sent_again = 0;           ///< because peers asked
        std::uint64_t freezes = 0, pictures_broken = 0;
    };

    /// All meetings that run: what is known of others is forgotten.
    void look(const std::vector<ConferenceSample>& conferences);
    [[nodiscard]] Sums of(const std::string& room) const;

  private:
    struct Room {
        Sums sums;
        /// As the streams counted at the last look, by session and mid.
        std::map<std::pair<std::string, std::string>, Sums> streams;
    };
    std::map<std::string, Room> rooms_;
};

}  // namespace mcu

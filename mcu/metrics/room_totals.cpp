#include "mcu/metrics/room_totals.h"

#include <array>
#include <utility>

namespace mcu {
namespace {

using Sums = RoomTotals::Sums;

constexpr std::array kFields{&Sums::received,  &Sums::sent,           &Sums::lost,
                             &Sums::recovered, &Sums::dropped,        &Sums::sent_again,
                             &Sums::freezes,   &Sums::pictures_broken};

Sums sums_of(const StreamCounters& stream) {
    return {.received = stream.packets_received,
            .sent = stream.packets_sent,
            .lost = stream.packets_lost,
            .recovered = stream.packets_recovered,
            .dropped = stream.dropped.sum(),
            .sent_again = stream.packets_sent_again,
            .freezes = stream.freezes,
            .pictures_broken = stream.pictures_broken};
}

/// A counter that fell began anew: its medium was made again.
void add_growth(Sums& total, const Sums& before, const Sums& now) {
    for (const auto field : kFields)
        total.*field += now.*field >= before.*field ? now.*field - before.*field : now.*field;
}

}  // namespace

void RoomTotals::look(const std::vector<ConferenceSample>& conferences) {
    std::map<std::string, Room> former = std::exchange(rooms_, {});
    for (const auto& [room_id, statistics] : conferences) {
        const Room& before = former[room_id];
        const auto [place, first] = rooms_.try_emplace(room_id);
        Room& room = place->second;
        if (first) room.sums = before.sums;  // of two meetings in one room, too: once
        for (const SessionStatistics& session : statistics.sessions) {
            for (const StreamCounters& stream : session.streams) {
                const std::pair key(session.session, stream.mid);
                const auto last = before.streams.find(key);
                const Sums now = sums_of(stream);
                add_growth(room.sums, last == before.streams.end() ? Sums{} : last->second, now);
                room.streams[key] = now;
            }
        }
    }
}

RoomTotals::Sums RoomTotals::of(const std::string& room) const {
    const auto found = rooms_.find(room);
    return found == rooms_.end() ? Sums{} : found->second.sums;
}

}  // namespace mcu

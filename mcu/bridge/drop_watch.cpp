#include "mcu/bridge/drop_watch.h"

#include <utility>

namespace mcu {

std::vector<std::string> DropWatch::news(const std::vector<StreamCounters>& streams) {
    std::vector<std::string> lines;
    std::map<std::string, DropCounts> seen;
    for (const StreamCounters& stream : streams) {
        const DropCounts& before = told_[stream.mid];
        std::string line;
        for (const DropCounts::Reason& reason : DropCounts::kReasons) {
            const std::uint64_t now = stream.dropped.*reason.count, then = before.*reason.count;
            // A mid that was closed and opened again counts from nought.
            const std::uint64_t fresh = now >= then ? now - then : now;
            if (fresh == 0) continue;
            line.append(" ").append(reason.name).append("=").append(std::to_string(fresh));
        }
        if (!line.empty()) lines.push_back("mid=" + stream.mid + line);
        seen[stream.mid] = stream.dropped;
    }
    told_ = std::move(seen);
    return lines;
}

}  // namespace mcu

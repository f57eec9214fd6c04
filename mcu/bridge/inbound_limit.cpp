#include "mcu/bridge/inbound_limit.h"

#include <algorithm>

#include "common/invariant.h"

namespace mcu {

using common::Bitrate;
using common::Timestamp;

int lines_shown(const mixer::SceneTile& tile) {
    // An upright source cropped into a wide tile needs more; it is asked for less than it could
    // show.
    const int by_width = tile.rect.width * 9 / 16;
    return tile.fit == mixer::Fit::Crop ? std::max(tile.rect.height, by_width)
                                        : std::min(tile.rect.height, by_width);
}

Bitrate inbound_rate(std::span<const mixer::Rung> rungs, int lines) {
    INVARIANT(!rungs.empty());
    if (lines == 0) return InboundLimit::kFloor;
    const mixer::Rung* chosen = &rungs.front();
    for (const mixer::Rung& rung : rungs) {
        if (rung.size.height >= lines) chosen = &rung;
    }
    return std::max(Bitrate::from_bps(chosen->bitrate.bps() * 3 / 2), InboundLimit::kFloor);
}

std::optional<Bitrate> InboundLimit::follow(int lines, Timestamp now) {
    const Bitrate needed = inbound_rate(rungs_, lines);
    // What was agreed on is no less than the best rung needs.
    const Bitrate allowed = limit_.value_or(inbound_rate(rungs_, rungs_.front().size.height));
    if (needed >= allowed) {
        if (limit_) limit_ = needed;
        smaller_.reset();
        return limit_;
    }
    if (!smaller_) smaller_ = {now, needed};
    smaller_->most = std::max(smaller_->most, needed);
    if (now - smaller_->since >= kPatience) {
        limit_ = smaller_->most;
        smaller_.reset();
    }
    return limit_;
}

}  // namespace mcu

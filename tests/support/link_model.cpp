#include "tests/support/link_model.h"

#include <algorithm>

namespace tests {

bool LinkModel::happens(double share) {
    return std::uniform_real_distribution<double>(0, 1)(random_) < share;
}

// Gilbert's two states: all is lost in one, nothing in the other. The chance to leave the bad one
// is 1 / burst; the chance to enter it makes the share of losses what was asked for.
bool LinkModel::is_lost() {
    if (config_.loss >= 1) return true;
    if (config_.burst <= 1) return happens(config_.loss);
    const double leave = 1 / config_.burst;
    const double enter = std::min(1.0, leave * config_.loss / (1 - config_.loss));
    in_burst_ = in_burst_ ? !happens(leave) : happens(enter);
    return in_burst_;
}

std::vector<common::Timestamp> LinkModel::arrivals(std::size_t bytes, common::Timestamp now) {
    ++counters_.sent;
    counters_.sent_bytes += bytes;
    if (is_lost()) {
        ++counters_.lost;
        return {};
    }
    common::Timestamp departure = now;
    if (config_.rate_bps > 0) {
        const common::Timestamp start = std::max(now, bottleneck_free_);
        if (start - now > config_.queue) {
            ++counters_.overflowed;
            return {};
        }
        const auto bits = static_cast<std::int64_t>(bytes + config_.header_bytes) * 8;
        departure = start + common::Duration(bits * 1'000'000'000 / config_.rate_bps);
        bottleneck_free_ = departure;
    }
    std::vector<common::Timestamp> times{arrival(departure)};
    if (happens(config_.duplicate)) {
        ++counters_.duplicated;
        times.push_back(arrival(departure));
    }
    return times;
}

common::Timestamp LinkModel::arrival(common::Timestamp departure) {
    const auto extra =
        std::uniform_int_distribution<std::int64_t>(0, config_.jitter.count())(random_);
    common::Timestamp time = departure + config_.delay + common::Duration(extra);
    if (config_.keeps_order) time = std::max(time, last_arrival_);
    last_arrival_ = std::max(last_arrival_, time);
    return time;
}

}  // namespace tests

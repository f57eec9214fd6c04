#include "tests/support/lossy_link.h"

#include <algorithm>
#include <utility>

namespace tests {

bool LossyLink::happens(double share) {
    return std::uniform_real_distribution<double>(0, 1)(random_) < share;
}

void LossyLink::send(std::span<const std::uint8_t> datagram, common::Timestamp now) {
    if (happens(config_.loss)) {
        ++lost_count_;
        return;
    }
    launch(datagram, now);
    if (happens(config_.duplicate)) launch(datagram, now);
}

void LossyLink::launch(std::span<const std::uint8_t> datagram, common::Timestamp now) {
    const auto extra =
        std::uniform_int_distribution<std::int64_t>(0, config_.jitter.count())(random_);
    common::Timestamp arrival = now + config_.delay + common::Duration(extra);
    if (config_.keeps_order) arrival = std::max(arrival, last_arrival_);
    last_arrival_ = std::max(last_arrival_, arrival);
    in_flight_.push_back({arrival, sent_++, {datagram.begin(), datagram.end()}});
}

std::vector<LossyLink::InFlight>::const_iterator LossyLink::earliest() const {
    return std::min_element(
        in_flight_.begin(), in_flight_.end(), [](const InFlight& a, const InFlight& b) {
            return std::pair(a.arrival, a.order) < std::pair(b.arrival, b.order);
        });
}

std::optional<std::vector<std::uint8_t>> LossyLink::receive(common::Timestamp now) {
    const auto next = earliest();
    if (next == in_flight_.end() || next->arrival > now) return std::nullopt;
    auto datagram = next->datagram;
    in_flight_.erase(next);
    return datagram;
}

std::optional<common::Timestamp> LossyLink::next_arrival() const {
    const auto next = earliest();
    if (next == in_flight_.end()) return std::nullopt;
    return next->arrival;
}

}  // namespace tests

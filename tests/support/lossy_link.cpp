#include "tests/support/lossy_link.h"

#include <algorithm>
#include <utility>

namespace tests {

void LossyLink::send(std::span<const std::uint8_t> datagram, common::Timestamp now,
                     std::uint64_t tag) {
    for (const common::Timestamp arrival : model_.arrivals(datagram.size(), now)) {
        in_flight_.push_back({arrival, sent_++, {{datagram.begin(), datagram.end()}, tag}});
        std::push_heap(in_flight_.begin(), in_flight_.end());
    }
}

std::optional<LossyLink::Delivery> LossyLink::receive_tagged(common::Timestamp now) {
    if (in_flight_.empty() || in_flight_.front().arrival > now) return std::nullopt;
    std::pop_heap(in_flight_.begin(), in_flight_.end());
    Delivery delivery = std::move(in_flight_.back().delivery);
    in_flight_.pop_back();
    return delivery;
}

std::optional<std::vector<std::uint8_t>> LossyLink::receive(common::Timestamp now) {
    auto delivery = receive_tagged(now);
    if (!delivery) return std::nullopt;
    return std::move(delivery->datagram);
}

std::optional<common::Timestamp> LossyLink::next_arrival() const {
    if (in_flight_.empty()) return std::nullopt;
    return in_flight_.front().arrival;
}

}  // namespace tests

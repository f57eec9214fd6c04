#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/units.h"
#include "tests/support/link_model.h"

namespace tests {

/// A network path with what is on its way: a LinkModel that holds the datagrams until they arrive.
/// A tag travels with each (whose it is); leave it out where one sender meets one receiver.
class LossyLink {
  public:
    using Config = LinkModel::Config;
    struct Delivery {
        std::vector<std::uint8_t> datagram;
        std::uint64_t tag = 0;
    };

    explicit LossyLink(Config config) : model_(config) {}

    void send(std::span<const std::uint8_t> datagram, common::Timestamp now, std::uint64_t tag = 0);
    /// The next datagram that has arrived by `now`, in order of arrival.
    std::optional<std::vector<std::uint8_t>> receive(common::Timestamp now);
    std::optional<Delivery> receive_tagged(common::Timestamp now);
    /// When the next one arrives; nothing while the link is empty.
    [[nodiscard]] std::optional<common::Timestamp> next_arrival() const;

    /// Conditions change for what is sent from here on.
    void change(const Config& config) { model_.change(config); }
    [[nodiscard]] const Config& config() const { return model_.config(); }
    [[nodiscard]] const LinkModel::Counters& counters() const { return model_.counters(); }
    [[nodiscard]] std::size_t lost_count() const { return model_.counters().lost; }

  private:
    struct InFlight {
        common::Timestamp arrival;
        std::uint64_t order;  // of sending, among equals
        Delivery delivery;
        [[nodiscard]] bool operator<(const InFlight& other) const {  // a heap's top is the earliest
            return std::pair(arrival, order) > std::pair(other.arrival, other.order);
        }
    };

    LinkModel model_;
    std::vector<InFlight> in_flight_;  ///< a heap
    std::uint64_t sent_ = 0;
};

}  // namespace tests

#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "common/units.h"

namespace tests {

/// A network path that loses, delays, reorders and repeats datagrams, the same way for the same
/// seed.
///
/// Reorder comes from jitter: each datagram's delay is drawn by itself, so a later one may arrive
/// before an earlier one.
class LossyLink {
  public:
    struct Config {
        double loss = 0;       ///< share of datagrams that never arrive, 0 to 1
        double duplicate = 0;  ///< share that arrive twice
        common::Duration delay{};
        common::Duration jitter{};  ///< added to `delay`, uniform from 0
        bool keeps_order = false;   ///< jitter without reorder: nobody overtakes
        std::uint64_t seed = 1;
    };

    explicit LossyLink(Config config) : config_(config), random_(config.seed) {}

    void send(std::span<const std::uint8_t> datagram, common::Timestamp now);
    /// The next datagram that has arrived by `now`, in order of arrival.
    std::optional<std::vector<std::uint8_t>> receive(common::Timestamp now);
    /// When the next one arrives; nothing while the link is empty.
    [[nodiscard]] std::optional<common::Timestamp> next_arrival() const;

    [[nodiscard]] std::size_t lost_count() const { return lost_count_; }

  private:
    struct InFlight {
        common::Timestamp arrival;
        std::uint64_t order;  // of sending, among equals
        std::vector<std::uint8_t> datagram;
    };
    [[nodiscard]] bool happens(double share);
    void launch(std::span<const std::uint8_t> datagram, common::Timestamp now);
    [[nodiscard]] std::vector<InFlight>::const_iterator earliest() const;

    Config config_;
    std::mt19937_64 random_;
    std::vector<InFlight> in_flight_;
    std::uint64_t sent_ = 0;
    std::size_t lost_count_ = 0;
    common::Timestamp last_arrival_;
};

}  // namespace tests

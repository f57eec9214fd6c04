#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "common/units.h"

namespace tests {

/// When a network path delivers what is put into it: loss, bursts, delay, jitter, a bottleneck with
/// its queue. The same for the same seed and the same calls. Sizes and times only: payloads are the
/// caller's.
///
/// Order of effects: loss, then the bottleneck's queue, then delay and jitter. Reorder comes from
/// jitter: each datagram's is drawn by itself, so a later one may overtake an earlier one.
class LinkModel {
  public:
    struct Config {
        double loss = 0;  ///< share of datagrams that never arrive, 0 to 1
        /// Mean length of a run of losses, in datagrams (Gilbert's model); 1: losses know nothing
        /// of each other.
        double burst = 1;
        double duplicate = 0;  ///< share that arrive twice
        common::Duration delay{};
        common::Duration jitter{};  ///< added to `delay`, uniform from 0
        bool keeps_order = false;   ///< jitter without reorder: nobody overtakes
        std::int64_t rate_bps = 0;  ///< of the bottleneck; 0: none
        /// What each datagram takes of `rate_bps` beside its bytes: 28 are IPv4 and UDP.
        std::size_t header_bytes = 0;
        common::Duration queue =
            std::chrono::milliseconds(300);  ///< longest wait at the bottleneck
        std::uint64_t seed = 1;
    };
    struct Counters {
        std::uint64_t sent = 0, lost = 0, overflowed = 0, duplicated = 0;
        std::uint64_t sent_bytes = 0;
    };

    explicit LinkModel(Config config) : config_(config), random_(config.seed) {}

    /// When a datagram of so many bytes (without IP and UDP headers) arrives that enters now:
    /// none, one or two times.
    [[nodiscard]] std::vector<common::Timestamp> arrivals(std::size_t bytes, common::Timestamp now);

    /// From the next datagram on; the random line goes on, the seed is ignored.
    void change(const Config& config) { config_ = config; }
    [[nodiscard]] const Config& config() const { return config_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    [[nodiscard]] bool happens(double share);
    [[nodiscard]] bool is_lost();
    [[nodiscard]] common::Timestamp arrival(common::Timestamp departure);

    Config config_;
    std::mt19937_64 random_;
    bool in_burst_ = false;
    common::Timestamp bottleneck_free_;
    common::Timestamp last_arrival_;
    Counters counters_;
};

}  // namespace tests

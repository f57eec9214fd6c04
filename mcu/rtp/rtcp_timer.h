#pragma once

#include <cstddef>
#include <random>

#include "common/units.h"

namespace mcu {

/// When the next regular RTCP compound goes out (RFC 3550 6.2, 6.3, A.7), with timer
/// reconsideration.
///
/// The minimum is the reduced one (6.2: 360 divided by the session bandwidth in kbit/s, in
/// seconds), and at least kLeastInterval; half of it before the first compound.
class RtcpTimer {
  public:
    static constexpr common::Duration kLeastInterval = std::chrono::milliseconds(500);
    static constexpr common::Duration kMostMinimum = std::chrono::seconds(5);

    /// Who is in the session now, ourselves included.
    struct Group {
        std::size_t members = 1;
        std::size_t senders = 0;
        bool we_send = false;
        common::Bitrate session_bandwidth;
    };

    explicit RtcpTimer(common::Timestamp now) : last_(now), next_(now) {}

    void start(const Group& group, common::Timestamp now, std::mt19937_64& random);
    /// Whether a compound is to be sent now. Reconsiders (6.3.3): when the group grew, the answer
    /// may be a later time.
    [[nodiscard]] bool expire(const Group& group, common::Timestamp now, std::mt19937_64& random);
    /// After a regular compound: plans the next one.
    void on_sent(const Group& group, common::Timestamp now, std::mt19937_64& random);
    /// Sizes of all compounds, in and out, with UDP and IP headers counted (6.3.3).
    void on_datagram(std::size_t bytes);

    [[nodiscard]] common::Timestamp next() const { return next_; }
    /// The interval without randomness: Td of 6.3.1.
    [[nodiscard]] common::Duration deterministic_interval(const Group& group) const;

  private:
    [[nodiscard]] common::Duration randomised_interval(const Group& group,
                                                       std::mt19937_64& random) const;

    common::Timestamp last_;
    common::Timestamp next_;
    double average_bytes_ = 128;
    bool initial_ = true;
};

}  // namespace mcu

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/units.h"

namespace mcu {

/// Notices which packets of a stream are missing and says when to ask for each again.
///
/// A gap may only be reorder: the first asking waits for what the path's jitter explains, and as
/// long as packets were lately seen to be overtaken; what is asked for in vain is sent twice. Then
/// again each round trip, kMostAsks times; whoever waits for the packet decides when it is too late
/// (`forget_before`).
///
/// Bounds:  kMostMissing; a gap that would be longer is not asked for at all: a key frame costs
///          less.
/// Thread:  net thread. No clock of its own.
class NackTracker {
  public:
    static constexpr std::size_t kMostMissing = 200;
    static constexpr int kMostAsks = 6;

    struct Counters {
        std::uint64_t missing = 0;    ///< noticed, reordered ones too
        std::uint64_t recovered = 0;  ///< came, as an answer to our asking
        std::uint64_t asked = 0;      ///< packets, each asking counted
        std::uint64_t given_up = 0;   ///< too many at once
    };

    /// What the path is like; unknown round trips are 0.
    void set_path(common::Duration round_trip, common::Duration jitter);
    /// How long a packet may be only overtaken: where nobody is asked, waiting longer is in vain.
    [[nodiscard]] common::Duration reorder_wait() const;
    /// How long it pays to wait for a missing packet: three tries, and never so long that people
    /// see the picture stand. No longer than reorder while what is waited for was given up.
    [[nodiscard]] common::Duration longest_wait() const;

    void on_packet(std::int64_t extended_sequence, common::Timestamp now);
    /// Nobody waits for packets before this one any more.
    void forget_before(std::int64_t extended_sequence);
    void reset();

    [[nodiscard]] std::optional<common::Timestamp> next_deadline() const;
    /// Appends the numbers to ask for now, `most` at most and in sending order. What is due beyond
    /// stays due.
    void take_due(common::Timestamp now, std::size_t most, std::vector<std::uint16_t>& out);

    [[nodiscard]] std::size_t missing_count() const { return missing_.size(); }
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    struct Missing {
        std::int64_t sequence;
        common::Timestamp noticed;
        common::Timestamp next_ask;
        std::optional<common::Timestamp> first_ask;
        int asks = 0;
    };
    [[nodiscard]] common::Duration repeat() const;
    void came(const Missing& missing, common::Timestamp now);

    std::vector<Missing> missing_;  ///< ascending
    std::optional<std::int64_t> highest_;
    std::optional<std::int64_t> given_up_before_;  ///< somebody may still wait for older ones
    common::Duration round_trip_{};
    common::Duration jitter_{};
    common::Duration overtaken_by_{};  ///< the longest lately
    Counters counters_;
};

}  // namespace mcu

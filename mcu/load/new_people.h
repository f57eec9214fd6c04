#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "mcu/load/node_load.h"

namespace mcu {

/// Whether a node takes in somebody new, and how many more it may hold, by measured load.
///
/// The CPU share is smoothed over some 5 s: one who is just coming costs a key frame. Who was
/// refused is let in again only below nine tenths of the limit.
/// Thread: one. Pure.
class NewPeople {
  public:
    struct Limits {
        double load = 1;  ///< CPU share at which nobody new is let in; 1: the ladder decides alone
        std::size_t sessions = 200;
    };
    explicit NewPeople(const Limits& limits) : limits_(limits) {}

    /// After each look; fills `capacity_left`, `refusal` and `retry_after_s`.
    void look(std::size_t sessions, bool ladder_refuses, NodeLoad& load);

  private:
    [[nodiscard]] std::uint32_t capacity_left(std::size_t sessions, const NodeLoad& load) const;

    const Limits limits_;
    double smoothed_ = 0;
    bool at_limit_ = false;
};

}  // namespace mcu

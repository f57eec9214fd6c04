#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/units.h"

namespace mcu {

/// What was put on the wire over the last seconds, to be asked for any part of them.
///
/// Bounds: kSlots snapshots, at most one each kGrain; older than they reach counts from the oldest.
/// Thread: one. Never allocates.
class SentHistory {
  public:
    static constexpr common::Duration kGrain = std::chrono::milliseconds(50);
    static constexpr std::size_t kSlots = 256;

    struct Amount {
        double bytes = 0;            ///< of everything, headers down to IP counted
        double picture_packets = 0;  ///< repeated ones too
        double picture_bytes = 0;
        friend Amount operator-(Amount a, const Amount& b) {
            return {a.bytes - b.bytes, a.picture_packets - b.picture_packets,
                    a.picture_bytes - b.picture_bytes};
        }
    };

    void add(std::size_t wire_bytes, bool picture, common::Timestamp now);
    [[nodiscard]] Amount between(common::Timestamp begin, common::Timestamp end) const;

  private:
    struct Snapshot {
        common::Timestamp at;
        Amount until;
    };
    [[nodiscard]] Amount until(common::Timestamp at) const;
    [[nodiscard]] const Snapshot& slot(std::size_t age) const {
        return slots_[(newest_ + kSlots - age) % kSlots];
    }

    std::array<Snapshot, kSlots> slots_{};
    std::size_t newest_ = 0, count_ = 0;
    Amount all_;
    common::Timestamp last_;
};

}  // namespace mcu

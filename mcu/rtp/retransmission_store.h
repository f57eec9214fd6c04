#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/units.h"

namespace mcu {

/// The packets of one stream sent last, to be sent again when the peer misses them (RFC 4585).
///
/// A peer cannot make us send more than we sent it anyway: retransmissions spend what sending
/// earned. Nor twice within the time in which the first answer may still be on its way.
///
/// Bounds:  kCapacity packets, kLongestKept.
/// Thread:  net thread. Allocates only until its buffers have grown to the stream's packets.
class RetransmissionStore {
  public:
    static constexpr std::size_t kCapacity = 512;
    static constexpr common::Duration kLongestKept = std::chrono::milliseconds(1500);
    static constexpr std::size_t kMostCreditBytes = 64 * 1024;

    struct Counters {
        std::uint64_t sent_again = 0;
        std::uint64_t not_kept = 0;   ///< too old, or never sent
        std::uint64_t too_soon = 0;   ///< asked for again before the answer can have come
        std::uint64_t no_credit = 0;  ///< more than was earned
    };

    RetransmissionStore() : slots_(kCapacity) {}

    /// A whole RTP packet as it goes out, before any protection.
    void keep(std::span<const std::uint8_t> packet, std::uint16_t sequence, common::Timestamp now);
    /// The packet to send again; valid until the next `keep`. Nothing when it may not be.
    [[nodiscard]] std::optional<std::span<const std::uint8_t>> take(std::uint16_t sequence,
                                                                    common::Timestamp now,
                                                                    common::Duration round_trip);
    /// How long ago a packet was sent that was not sent again yet.
    [[nodiscard]] std::optional<common::Duration> age(std::uint16_t sequence,
                                                      common::Timestamp now) const;
    void clear();

    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    struct Slot {
        std::vector<std::uint8_t> packet;  ///< empty: nothing
        std::uint16_t sequence = 0;
        common::Timestamp sent;
        std::optional<common::Timestamp> sent_again;
    };
    std::vector<Slot> slots_;
    std::size_t credit_bytes_ = 0;
    Counters counters_;
};

}  // namespace mcu

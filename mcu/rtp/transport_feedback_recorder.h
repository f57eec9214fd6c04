#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/byte_writer.h"
#include "common/units.h"

namespace mcu {

/// Notes when each packet of a transport came, whatever its stream, and says when its sender is to
/// be told of them (transport-wide congestion control, the receiver's side).
///
/// One feedback packet goes out kInterval after the one before, or at once after a pause, and only
/// when something came. A packet that came late is told late: feedback then begins at it, and says
/// the ones behind it again. What does not fit waits for the next interval: arrivals that jump to
/// and fro by seconds would else need a packet each.
///
/// Bounds:  the last kWindow sequence numbers. A jump over all of them is another line of numbers.
/// Thread:  net thread. No clock of its own. Allocates nothing.
class TransportFeedbackRecorder {
  public:
    static constexpr std::size_t kWindow = 1024;
    static constexpr common::Duration kInterval = std::chrono::milliseconds(100);
    /// What comes later than so many behind it is not told: its sender gave it up long ago.
    static constexpr std::int64_t kMostLate = 256;

    void on_packet(std::uint16_t transport_sequence, common::Timestamp arrival);

    /// Nothing: nothing came since it was told. A time that is past: at once.
    [[nodiscard]] std::optional<common::Timestamp> next_deadline() const;
    [[nodiscard]] bool due(common::Timestamp now) const;
    /// Appends one feedback packet of at most `most_bytes` (200 at least). False: nothing was
    /// written.
    bool write(std::uint32_t our_ssrc, std::uint32_t media_ssrc, common::Timestamp now,
               std::size_t most_bytes, common::ByteWriter& out);

    [[nodiscard]] std::uint64_t sent_count() const { return sent_count_; }

  private:
    struct Slot {
        std::int64_t sequence = -1;
        common::Timestamp arrival;
    };
    [[nodiscard]] Slot& slot(std::int64_t sequence) {
        return slots_[static_cast<std::size_t>(sequence) % kWindow];
    }
    void begin_line(std::uint16_t transport_sequence);

    std::array<Slot, kWindow> slots_{};
    std::array<std::optional<common::Timestamp>, kWindow> statuses_;  ///< scratch of `write`
    std::optional<std::int64_t> highest_;  ///< that came, on a line that does not wrap
    std::int64_t next_ = 0;                ///< first that the next feedback tells of
    bool waiting_ = false;                 ///< something came that was not told
    std::optional<common::Timestamp> sent_;
    std::uint8_t number_ = 0;
    std::uint64_t sent_count_ = 0;
};

}  // namespace mcu

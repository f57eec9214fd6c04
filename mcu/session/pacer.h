#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "common/units.h"
#include "mcu/rtp/packet_pool.h"
#include "mcu/transport/net_thread.h"

namespace mcu {

/// Lets a picture's packets out: up to kUnpaced at once, the rest evenly over at most kSpread, so
/// that a key picture does not overrun the queue of a slow link.
///
/// Rate:  a narrow path is put into only as fast as it carries (`limit`), without the first burst.
/// Order: kept, across pictures too; while packets wait, a new picture's wait behind them, all of
///        them gone kSpread later. What the peer misses goes before them: it waits for nothing
///        else.
/// Full:  kMaxWaiting packets; a picture that does not fit is refused whole.
/// Thread: net thread alone. Allocates only while it grows to the largest picture.
class Pacer {
  public:
    static constexpr std::size_t kUnpaced = 10;
    static constexpr common::Duration kSpread = std::chrono::milliseconds(10);
    static constexpr common::Duration kStep = std::chrono::milliseconds(1);
    static constexpr std::size_t kMaxWaiting = 2048;

    using Packet = std::span<const std::uint8_t>;
    /// Goes out for the first time; again, in its turn; again, since the peer misses it.
    enum class Packets : std::uint8_t { New, Again, Repair };
    using Send = std::function<void(std::span<const Packet>)>;

    Pacer(NetThread& net, Send send);

    /// Room for a picture of at most so many packets? Ask before making it.
    [[nodiscard]] bool has_room(std::size_t packets) const {
        return waiting_count() + packets <= kMaxWaiting;
    }
    /// The buffer of the next packet of the picture that is being made: kPacketBufferBytes. Valid
    /// until the next call.
    [[nodiscard]] std::span<std::uint8_t> next_buffer(Packets which = Packets::New);
    /// The buffer handed out last, for the same, holds a packet of this size.
    void add(std::size_t bytes, Packets which = Packets::New);
    /// The picture is complete: lets go what may go now.
    void flush(common::Timestamp now);

    /// From the next packet on; 0: none.
    void limit(common::Bitrate rate) { rate_ = rate; }
    /// While there is a limit: nothing goes before then.
    void hold_until(common::Timestamp at) { free_ = std::max(free_, at); }
    /// How long what waits here takes to go; 0 where there is no limit.
    [[nodiscard]] common::Duration backlog(common::Timestamp now) const;

    /// What waits goes nowhere. Of those that are new: how many, what they have in bytes, and the
    /// first, valid until the next packet; the others' first try may have gone.
    struct Dropped {
        std::size_t packets = 0, bytes = 0;
        Packet first;
    };
    Dropped drop_waiting();

    [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }
    [[nodiscard]] std::size_t waiting_count() const {
        return repair_.waiting() + pictures_.waiting();
    }

  private:
    struct Slot {
        std::array<std::uint8_t, kPacketBufferBytes> storage;
        std::size_t bytes;
        Packets which;
    };
    struct Lane {
        std::vector<Slot> slots;  ///< [first, count) wait
        std::size_t first = 0, count = 0;
        [[nodiscard]] std::size_t waiting() const { return count - first; }
        [[nodiscard]] std::span<std::uint8_t> next_buffer();
        void let_go(std::size_t packets) {
            first += packets;
            if (first == count) first = count = 0;
        }
    };
    [[nodiscard]] Lane& lane_of(Packets which) {
        return which == Packets::Repair ? repair_ : pictures_;
    }
    /// In the order in which they go.
    [[nodiscard]] const Slot& waiting(std::size_t index) const {
        const std::size_t repairs = repair_.waiting();
        return index < repairs ? repair_.slots[repair_.first + index]
                               : pictures_.slots[pictures_.first + index - repairs];
    }
    void step();
    void release(common::Timestamp now);
    [[nodiscard]] common::Duration time_of(std::size_t bytes) const;
    void send(std::size_t count);

    NetThread& net_;
    Send send_;
    Timer timer_;
    Lane repair_, pictures_;
    std::vector<Packet> batch_;
    std::size_t paced_ = 0;     ///< of those that wait: let go by the timer
    common::Timestamp finish_;  ///< when the last one is to be gone
    common::Bitrate rate_;
    common::Timestamp free_;  ///< with a rate: when the next one may go
    std::size_t waiting_bytes_ = 0;
};

}  // namespace mcu

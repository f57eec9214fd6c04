#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/units.h"
#include "mcu/rtp/rtp_packet.h"

namespace mcu {

/// The packets of one whole picture, in order. Reused: hand the same one to every `take`.
struct PicturePackets {
    std::vector<RtpPacket> packets;
    bool follows_loss =
        false;  ///< packets between the picture taken before and this one never came
};

/// Puts one stream's video packets in order and hands over whole pictures.
///
/// A picture ends with the marker, or where a new timestamp begins (some endpoints send no marker).
/// A missing packet is waited for `max_wait` from the arrival of the first one behind it; then
/// everything up to the next picture that is certainly whole is dropped, and that one
/// `follows_loss`.
///
/// Bounds:  kCapacity packets; one further ahead drops what is kept, as a loss.
/// Thread:  net thread. Allocates only while PicturePackets grows to its largest picture.
class JitterBuffer {
  public:
    static constexpr std::size_t kCapacity = 512;
    using StartsPicture = bool (*)(std::span<const std::uint8_t> payload);

    struct Config {
        common::Duration max_wait = std::chrono::milliseconds(100);
        StartsPicture starts_picture = nullptr;  ///< the codec's knowledge; h264_starts_picture
    };
    struct Counters {
        std::uint64_t late = 0;  ///< came when their place was gone by
        std::uint64_t duplicates = 0;
        std::uint64_t never_came = 0;  ///< packets given up
        std::uint64_t discarded = 0;   ///< came, but of pictures that are not whole
        std::uint64_t overflows = 0;
    };

    explicit JitterBuffer(Config config);

    void insert(RtpPacket packet, std::int64_t extended_sequence);
    /// The next whole picture, or false: none is ready at `now`. Call until false.
    bool take(common::Timestamp now, PicturePackets& out);
    /// When waiting ends for the gap there is; nothing when there is none.
    [[nodiscard]] std::optional<common::Timestamp> next_deadline() const;
    /// For gaps noticed from here on, and for the one that is being waited for.
    void set_max_wait(common::Duration max_wait) { config_.max_wait = max_wait; }
    /// Packets before this one are handed over or given up.
    [[nodiscard]] std::int64_t next_sequence() const { return next_; }
    /// A new stream begins: forgets everything; its first picture does not follow a loss.
    void reset();

    [[nodiscard]] std::size_t packet_count() const { return packet_count_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    using Slot = std::optional<RtpPacket>;
    enum class Step : std::uint8_t { Wait, Again, Picture };

    [[nodiscard]] Slot& slot(std::int64_t sequence) {
        return slots_[static_cast<std::size_t>(sequence) % kCapacity];
    }
    [[nodiscard]] const Slot& slot(std::int64_t sequence) const {
        return slots_[static_cast<std::size_t>(sequence) % kCapacity];
    }
    [[nodiscard]] Step advance(common::Timestamp now);
    [[nodiscard]] bool scan();
    [[nodiscard]] std::int64_t first_behind_gap() const;
    [[nodiscard]] bool may_get_head() const;
    void give_up_gap();
    void discard_headless();
    void discard_next();
    void hand_over(PicturePackets& out);
    void overflow(std::int64_t sequence);

    Config config_;
    std::vector<Slot> slots_;
    bool started_ = false;
    bool moved_ = false;     ///< `next_` is not the first packet's any more
    bool at_start_ = false;  ///< `next_` begins a picture for certain
    bool lost_ = false;      ///< the next picture follows a loss
    std::int64_t next_ = 0;  ///< first packet neither handed over nor given up
    std::int64_t scanned_ =
        0;  ///< [next_, scanned_) is here, and of one picture that has not ended
    std::int64_t highest_ = 0;  ///< last packet that came
    std::size_t packet_count_ = 0;
    Counters counters_;
};

}  // namespace mcu

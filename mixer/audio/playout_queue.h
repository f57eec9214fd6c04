#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mixer/audio/packet_inbox.h"

namespace mixer {

/// Puts one stream's packets in order of sequence, across the 16-bit wrap.
///
/// Thread: audio tick alone; allocates nothing.
/// Owner:  borrows slots: what `insert` refuses and what is popped goes back to the inbox by the
/// caller.
class PlayoutQueue {
  public:
    /// Fewer than the inbox has, so that the net thread always finds a slot.
    static constexpr std::size_t kCapacity = 48;

    struct Entry {
        std::int64_t sequence = 0;  ///< unwrapped
        std::size_t samples = 0;    ///< at 48 kHz; what the packet says of itself
        PacketSlot* slot = nullptr;
    };
    enum class Verdict : std::uint8_t {
        Kept,
        Late,       ///< what follows it has been played
        Duplicate,  ///< this sequence number was here before
        Suspect,    ///< far from all others; the next in its row makes it a restart
        Restart,    ///< kept, the first of a new row: `clear` was done, the caller's `displaced`
                    ///< called
    };

    /// `give_back(slot)` is called for each held packet that a restart or a full queue displaces.
    template <typename GiveBack>
    Verdict insert(PacketSlot& slot, std::size_t samples, GiveBack give_back) {
        std::int64_t sequence = 0;
        const Verdict verdict = judge(slot.sequence, sequence);
        if (verdict == Verdict::Restart) clear(give_back);
        if (verdict != Verdict::Kept && verdict != Verdict::Restart) return verdict;
        if (size_ == kCapacity) give_back(*pop().slot);
        place({sequence, samples, &slot});
        return verdict;
    }
    template <typename GiveBack>
    void clear(GiveBack give_back) {
        while (size_ > 0) give_back(*pop().slot);
    }
    /// Forgets the row of numbers too: the next packet starts a new one. The queue must be empty.
    void forget();

    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] const Entry& front() const { return entries_[0]; }
    [[nodiscard]] std::size_t samples() const;  ///< of all held packets
    /// How many packets are missing before the front one.
    [[nodiscard]] std::int64_t missing_before_front() const;
    /// Takes the front one; what is before it is late from now on.
    Entry pop();

  private:
    [[nodiscard]] Verdict judge(std::uint16_t wire_sequence, std::int64_t& sequence);
    void place(const Entry& entry);

    static constexpr std::size_t kHistory = 128;
    std::array<Entry, kCapacity> entries_{};
    std::size_t size_ = 0;
    bool started_ = false;
    std::int64_t highest_ = 0;
    std::optional<std::int64_t> next_;  ///< the one after the last popped
    std::optional<std::uint16_t> suspect_;
    std::array<std::int64_t, kHistory> seen_{};  ///< by sequence modulo its size
};

}  // namespace mixer

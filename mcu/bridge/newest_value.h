#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace mcu {

/// Hands the newest value from a tick to the control thread without a lock on either side: of three
/// slots one is the writer's, one the reader's, and the third changes hands.
///
/// Thread: `writable` and `publish` one thread (a tick), `read` another (control); `prepare` before
/// either begins. Owner: slots are made once and written over, so that a tick which assigns within
/// their capacity allocates nothing.
template <typename Value>
class NewestValue {
  public:
    /// What every slot should have, capacity say.
    template <typename Use>
    void prepare(Use use) {
        for (Value& slot : slots_) use(slot);
    }
    /// Holds any older value; then `publish`.
    [[nodiscard]] Value& writable() { return slots_[written_]; }
    void publish() {
        written_ = between_.exchange(written_ | kFresh, std::memory_order_acq_rel) & kIndex;
    }
    /// The value published last, unchanged until the next call.
    [[nodiscard]] const Value& read() {
        if ((between_.load(std::memory_order_relaxed) & kFresh) != 0) {
            read_ = between_.exchange(read_, std::memory_order_acq_rel) & kIndex;
        }
        return slots_[read_];
    }

  private:
    static constexpr std::uint8_t kFresh = 4;
    static constexpr std::uint8_t kIndex = 3;

    std::array<Value, 3> slots_{};
    std::uint8_t written_ = 0;  // writer
    std::atomic<std::uint8_t> between_{1};
    std::uint8_t read_ = 2;  // reader
};

}  // namespace mcu

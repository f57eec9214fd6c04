#include "mixer/audio/playout_queue.h"

#include <algorithm>

#include "common/invariant.h"

namespace mixer {
namespace {

// RFC 3550 A.1, MAX_DROPOUT and MAX_MISORDER: beyond these a number belongs to another row.
constexpr std::int64_t kMaxDropout = 3000;
constexpr std::int64_t kMaxMisorder = 100;

// Far above 0, so that the numbers before the first are not negative, and 0 is none of them.
constexpr std::int64_t kFirstCycle = std::int64_t{1} << 32;

}  // namespace

PlayoutQueue::Verdict PlayoutQueue::judge(std::uint16_t wire_sequence, std::int64_t& sequence) {
    Verdict verdict = Verdict::Kept;
    if (started_) {
        const auto step = static_cast<std::int16_t>(
            static_cast<std::uint16_t>(wire_sequence - static_cast<std::uint16_t>(highest_)));
        sequence = highest_ + step;
        if (step > kMaxDropout || step < -kMaxMisorder) {
            // RFC 3550 A.1: two in a row, and the source has restarted without telling us.
            if (suspect_ != wire_sequence) {
                suspect_ = static_cast<std::uint16_t>(wire_sequence + 1);
                return Verdict::Suspect;
            }
            verdict = Verdict::Restart;
        }
    }
    suspect_.reset();
    if (!started_ || verdict == Verdict::Restart) {
        sequence = kFirstCycle + wire_sequence;
        started_ = true;
        highest_ = sequence;
        next_.reset();
        seen_.fill(0);
    }

    std::int64_t& seen = seen_[static_cast<std::size_t>(sequence) % kHistory];
    if (seen == sequence) return Verdict::Duplicate;
    seen = sequence;
    if (next_ && sequence < *next_) return Verdict::Late;
    highest_ = std::max(highest_, sequence);
    return verdict;
}

void PlayoutQueue::place(const Entry& entry) {
    std::size_t at = size_;
    for (; at > 0 && entries_[at - 1].sequence > entry.sequence; --at) {
        entries_[at] = entries_[at - 1];
    }
    entries_[at] = entry;
    ++size_;
}

void PlayoutQueue::forget() {
    INVARIANT(size_ == 0);
    started_ = false;
    next_.reset();
    suspect_.reset();
}

std::size_t PlayoutQueue::samples() const {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < size_; ++i) sum += entries_[i].samples;
    return sum;
}

std::int64_t PlayoutQueue::missing_before_front() const {
    return size_ == 0 || !next_ ? 0 : entries_[0].sequence - *next_;
}

PlayoutQueue::Entry PlayoutQueue::pop() {
    INVARIANT(size_ > 0);
    const Entry front = entries_[0];
    std::copy(entries_.begin() + 1, entries_.begin() + static_cast<std::ptrdiff_t>(size_),
              entries_.begin());
    --size_;
    next_ = front.sequence + 1;
    return front;
}

}  // namespace mixer

#include "mixer/encode/splice_pool.h"

#include <algorithm>
#include <iterator>

namespace mixer {

common::Result<std::unique_ptr<SpliceEncoder>> SplicePool::take(const StreamFormat& format) {
    {
        common::MutexLock lock(mutex_);
        // The one that rested least: what is not needed grows old at the front.
        const auto found = std::find_if(idle_.rbegin(), idle_.rend(),
                                        [&](const Idle& idle) { return idle.format == format; });
        if (found != idle_.rend()) {
            std::unique_ptr<SpliceEncoder> encoder = std::move(found->encoder);
            idle_.erase(std::next(found).base());
            return encoder;
        }
    }
    auto made = make_x264_splice_encoder(format);
    if (!made) return made;
    counters_.splice_contexts_opened.fetch_add(1, std::memory_order_relaxed);
    counters_.splice_contexts.fetch_add(1, std::memory_order_relaxed);
    return made;
}

void SplicePool::give_back(const StreamFormat& format, std::unique_ptr<SpliceEncoder> encoder) {
    common::MutexLock lock(mutex_);
    idle_.push_back({format, std::move(encoder), clock_.now()});
}

void SplicePool::discard(std::unique_ptr<SpliceEncoder> encoder) {
    encoder.reset();
    counters_.splice_contexts.fetch_sub(1, std::memory_order_relaxed);
}

void SplicePool::keep_only(std::span<const StreamFormat> formats) {
    std::vector<Idle> unused;  // closed after the lock is released
    const common::Timestamp now = clock_.now();
    common::MutexLock lock(mutex_);
    const auto first_unused =
        std::stable_partition(idle_.begin(), idle_.end(), [&](const Idle& idle) {
            return now - idle.since <= kLongestRest &&
                   std::find(formats.begin(), formats.end(), idle.format) != formats.end();
        });
    unused.assign(std::make_move_iterator(first_unused), std::make_move_iterator(idle_.end()));
    idle_.erase(first_unused, idle_.end());
    counters_.splice_contexts.fetch_sub(unused.size(), std::memory_order_relaxed);
}

}  // namespace mixer

#include "mixer/video/frame_pool.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "common/invariant.h"
#include "common/mutex.h"

namespace mixer {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr int kMaxSide = 8192;
/// A peer may send another size with every key frame: beyond so many the idle ones are forgotten.
constexpr std::size_t kMostSizes = 512;

std::size_t aligned(std::size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct Planes {
    explicit Planes(common::PictureSize size)
        : stride_y(aligned(static_cast<std::size_t>(size.width))),
          stride_uv(aligned(static_cast<std::size_t>(size.width) / 2)),
          y_bytes(stride_y * static_cast<std::size_t>(size.height) + kAlignment),
          uv_bytes(stride_uv * static_cast<std::size_t>(size.height) / 2 + kAlignment) {}
    [[nodiscard]] std::size_t total() const { return aligned(y_bytes) + 2 * aligned(uv_bytes); }

    std::size_t stride_y, stride_uv, y_bytes, uv_bytes;
};

std::uint64_t next_serial() {
    static std::atomic<std::uint64_t> last{
        0};  // of the process: serials are a cache key across pools
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

struct FramePool::Impl {
    struct FreeList {
        common::PictureSize size;
        std::size_t picture_bytes = 0;
        std::size_t made = 0;           // pictures of this size that exist, held and idle
        std::vector<VideoFrame*> idle;  // capacity >= made: a release never allocates
        std::size_t least_idle = 0;     // since free_unneeded() looked last
    };

    explicit Impl(std::size_t limit) : max_bytes(limit) {}

    FreeList& list_of(common::PictureSize size) REQUIRES(mutex);
    bool make_room(std::size_t bytes) REQUIRES(mutex);
    VideoFrame* take(FramePool& pool, common::PictureSize size) EXCLUDES(mutex);
    void give_back(VideoFrame* frame);
    void collect() REQUIRES(mutex);
    void free_idle(FreeList& list) REQUIRES(mutex);
    void forget_empty_lists() REQUIRES(mutex);
    std::vector<VideoFrame*> take_idle() EXCLUDES(mutex);
    std::vector<VideoFrame*> take_unneeded() EXCLUDES(mutex);

    static VideoFrame* create(FramePool& pool, common::PictureSize size);
    static void destroy(VideoFrame* frame);

    const std::size_t max_bytes;
    mutable common::Mutex mutex;
    std::vector<FreeList> lists GUARDED_BY(mutex);
    std::size_t held_bytes GUARDED_BY(mutex) = 0;
    std::size_t idle_bytes GUARDED_BY(mutex) = 0;
    std::atomic<VideoFrame*> returned{nullptr};  ///< each knows the one before it
};

FramePool::Impl::FreeList& FramePool::Impl::list_of(common::PictureSize size) {
    for (FreeList& list : lists) {
        if (list.size == size) return list;
    }
    if (lists.size() >= kMostSizes) {
        for (FreeList& list : lists) free_idle(list);
        forget_empty_lists();
    }
    return lists.emplace_back(FreeList{size, Planes(size).total(), 0, {}, 0});
}

bool FramePool::Impl::make_room(std::size_t bytes) {
    for (FreeList& list : lists) {
        if (held_bytes + idle_bytes + bytes <= max_bytes) return true;
        free_idle(list);
    }
    return held_bytes + idle_bytes + bytes <= max_bytes;
}

VideoFrame* FramePool::Impl::take(FramePool& pool, common::PictureSize size) {
    common::MutexLock lock(mutex);
    collect();
    FreeList& list = list_of(size);
    VideoFrame* frame = nullptr;
    if (!list.idle.empty()) {
        frame = list.idle.back();
        list.idle.pop_back();
        list.least_idle = std::min(list.least_idle, list.idle.size());
        idle_bytes -= list.picture_bytes;
    } else {
        if (!make_room(list.picture_bytes)) return nullptr;
        list.least_idle = 0;
        list.idle.reserve(list.made + 1);
        frame = create(pool, size);
        if (frame == nullptr) return nullptr;
        ++list.made;
    }
    held_bytes += list.picture_bytes;
    return frame;
}

void FramePool::Impl::give_back(VideoFrame* frame) {
    frame->next_returned_ = returned.load(std::memory_order_relaxed);
    while (!returned.compare_exchange_weak(frame->next_returned_, frame, std::memory_order_release,
                                           std::memory_order_relaxed)) {
    }
}

/// The one that came last is taken first: it is the likeliest to be in a cache.
void FramePool::Impl::collect() {
    VideoFrame* newest = returned.exchange(nullptr, std::memory_order_acquire);
    VideoFrame* oldest = nullptr;
    while (newest != nullptr) {
        VideoFrame* const before = std::exchange(newest->next_returned_, oldest);
        oldest = std::exchange(newest, before);
    }
    while (oldest != nullptr) {
        FreeList& list = list_of(oldest->allocated_);
        list.idle.push_back(oldest);
        held_bytes -= list.picture_bytes;
        idle_bytes += list.picture_bytes;
        oldest = oldest->next_returned_;
    }
}

void FramePool::Impl::free_idle(FreeList& list) {
    for (VideoFrame* frame : list.idle) destroy(frame);
    idle_bytes -= list.idle.size() * list.picture_bytes;
    list.made -= list.idle.size();
    list.idle.clear();
}

void FramePool::Impl::forget_empty_lists() {
    std::erase_if(lists, [](const FreeList& list) { return list.made == 0; });
}

std::vector<VideoFrame*> FramePool::Impl::take_idle() {
    common::MutexLock lock(mutex);
    collect();
    std::vector<VideoFrame*> taken;
    for (FreeList& list : lists) {
        taken.insert(taken.end(), list.idle.begin(), list.idle.end());
        list.made -= list.idle.size();
        list.idle.clear();  // keeps its capacity for those that are held
    }
    idle_bytes = 0;
    forget_empty_lists();
    return taken;
}

std::vector<VideoFrame*> FramePool::Impl::take_unneeded() {
    common::MutexLock lock(mutex);
    collect();
    std::vector<VideoFrame*> taken;
    for (FreeList& list : lists) {
        // Pictures come and go at the end: those at the front rested longest.
        const std::size_t count = std::min(list.least_idle, list.idle.size());
        const auto end = list.idle.begin() + static_cast<std::ptrdiff_t>(count);
        taken.insert(taken.end(), list.idle.begin(), end);
        list.idle.erase(list.idle.begin(), end);
        list.made -= count;
        idle_bytes -= count * list.picture_bytes;
        list.least_idle = list.idle.size();
    }
    forget_empty_lists();
    return taken;
}

VideoFrame* FramePool::Impl::create(FramePool& pool, common::PictureSize size) {
    const Planes planes(size);
    auto* memory = static_cast<std::uint8_t*>(std::aligned_alloc(kAlignment, planes.total()));
    if (memory == nullptr) return nullptr;

    auto* frame = new VideoFrame;
    frame->y_ = memory;
    frame->u_ = frame->y_ + aligned(planes.y_bytes);
    frame->v_ = frame->u_ + aligned(planes.uv_bytes);
    frame->stride_y_ = static_cast<int>(planes.stride_y);
    frame->stride_uv_ = static_cast<int>(planes.stride_uv);
    frame->allocated_ = size;
    frame->pool_ = &pool;
    return frame;
}

void FramePool::Impl::destroy(VideoFrame* frame) {
    std::free(frame->y_);
    delete frame;
}

FramePool::FramePool(std::size_t max_bytes) : impl_(std::make_unique<Impl>(max_bytes)) {}

FramePool::~FramePool() {
    trim();
    INVARIANT(bytes_in_use() == 0);  // the pool outlives every FrameRef
}

FrameWriter FramePool::acquire(common::PictureSize size) {
    INVARIANT(size.width > 0 && size.height > 0 && size.width <= kMaxSide &&
              size.height <= kMaxSide);
    INVARIANT(size.width % 2 == 0 && size.height % 2 == 0);

    VideoFrame* frame = impl_->take(*this, size);
    if (frame == nullptr) return {};
    frame->size_ = size;
    frame->media_time_ = {};
    frame->serial_ = next_serial();
    frame->references_.store(1, std::memory_order_relaxed);
    return FrameWriter(frame);
}

FrameWriter FramePool::renew(FrameRef sole) {
    INVARIANT(sole.sole());
    VideoFrame* frame = std::exchange(sole.frame_, nullptr);
    frame->media_time_ = {};
    frame->serial_ = next_serial();
    return FrameWriter(frame);
}

std::size_t FramePool::bytes_in_use() const {
    common::MutexLock lock(impl_->mutex);
    impl_->collect();
    return impl_->held_bytes;
}

std::size_t FramePool::bytes_allocated() const {
    common::MutexLock lock(impl_->mutex);
    return impl_->held_bytes + impl_->idle_bytes;
}

void FramePool::trim() {
    // Giving many megabytes back takes the system milliseconds: not while a tick waits for a
    // picture.
    for (VideoFrame* frame : impl_->take_idle()) Impl::destroy(frame);
}

void FramePool::free_unneeded() {
    for (VideoFrame* frame : impl_->take_unneeded()) Impl::destroy(frame);
}

void VideoFrame::crop_to(common::PictureSize size) {
    INVARIANT(size.width > 0 && size.width <= allocated_.width && size.width % 2 == 0);
    INVARIANT(size.height > 0 && size.height <= allocated_.height && size.height % 2 == 0);
    size_ = size;
}

void FrameRef::release() {
    if (frame_ == nullptr) return;
    // Release: our reads are done before the count falls. Acquire: the last one sees everybody's.
    if (frame_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        frame_->pool_->impl_->give_back(frame_);
    }
    frame_ = nullptr;
}

}  // namespace mixer

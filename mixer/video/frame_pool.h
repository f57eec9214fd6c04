#pragma once

#include <cstddef>
#include <memory>

#include "common/units.h"
#include "mixer/video/video_frame.h"

namespace mixer {

/// Where pictures come from and go back to. One free list per picture size.
///
/// Thread: any. `acquire` takes one short lock, giving back none; it allocates only while the
/// number of pictures in flight of
///         that size grows (a steady conference allocates nothing).
/// Owner:  outlives every FrameRef made from it.
class FramePool {
  public:
    /// `max_bytes`: how much all its pictures together may take, held and idle.
    explicit FramePool(std::size_t max_bytes);
    ~FramePool();
    FramePool(const FramePool&) = delete;
    FramePool& operator=(const FramePool&) = delete;

    /// A picture with unspecified content. Empty when `max_bytes` is reached: the caller skips and
    /// counts. Idle pictures of other sizes are freed before it comes to that. `size` is even and
    /// at most 8192x8192.
    [[nodiscard]] FrameWriter acquire(common::PictureSize size);
    /// A picture that is `sole()` as a new one of the same size, by its sole holder: takes no lock.
    [[nodiscard]] static FrameWriter renew(FrameRef sole);
    /// Bytes of the pictures that somebody holds.
    [[nodiscard]] std::size_t bytes_in_use() const;
    /// Bytes of all pictures, held and idle; never more than `max_bytes`.
    [[nodiscard]] std::size_t bytes_allocated() const;
    /// Frees what nobody holds, outside the lock that ticks and decoders take: called by the
    /// control thread after people left.
    void trim();
    /// Frees what nobody needed at any time since the last call: what a rush took (people join, the
    /// machine stood still) is no longer needed after it. As seldom as every few seconds, so that
    /// the usual ups and downs allocate nothing; outside the lock, as `trim`.
    void free_unneeded();

  private:
    friend class FrameRef;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer

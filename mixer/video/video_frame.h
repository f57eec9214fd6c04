#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "common/units.h"

namespace mixer {

class FramePool;

/// One raw picture: I420, 8 bits, BT.709 limited range; immutable once published.
///
/// Shape:  width and height even; each plane's first sample is 64-byte aligned, strides are
/// multiples of 64;
///         64 readable bytes follow each plane, so that SIMD may read past its end.
/// Owner:  held by FrameRef; the last release, on any thread, gives the buffer back to its
/// FramePool. Thread: read by anyone; written only by the sole holder, before it is published
/// (FramePool::acquire).
class VideoFrame {
  public:
    [[nodiscard]] common::PictureSize size() const { return size_; }
    [[nodiscard]] const std::uint8_t* y() const { return y_; }
    [[nodiscard]] const std::uint8_t* u() const { return u_; }
    [[nodiscard]] const std::uint8_t* v() const { return v_; }
    [[nodiscard]] int stride_y() const { return stride_y_; }
    [[nodiscard]] int stride_uv() const { return stride_uv_; }
    /// When it was due (a decoded picture) or which tick it was made for (a canvas).
    [[nodiscard]] common::Timestamp media_time() const { return media_time_; }
    /// Different for any two pictures of one process: the scale cache's key.
    [[nodiscard]] std::uint64_t serial() const { return serial_; }

    // For the sole holder, before publishing.
    [[nodiscard]] std::uint8_t* writable_y() { return y_; }
    [[nodiscard]] std::uint8_t* writable_u() { return u_; }
    [[nodiscard]] std::uint8_t* writable_v() { return v_; }
    void set_media_time(common::Timestamp t) { media_time_ = t; }
    /// Shows only the top left `size` of what was acquired (a decoder works in whole macroblocks).
    void crop_to(common::PictureSize size);

  private:
    friend class FramePool;
    friend class FrameRef;
    friend class FrameWriter;
    VideoFrame() = default;

    std::uint8_t* y_ = nullptr;
    std::uint8_t* u_ = nullptr;
    std::uint8_t* v_ = nullptr;
    int stride_y_ = 0;
    int stride_uv_ = 0;
    common::PictureSize size_;
    common::PictureSize allocated_;  ///< as acquired: names the free list it returns to
    common::Timestamp media_time_;
    std::uint64_t serial_ = 0;
    std::atomic<std::uint32_t> references_{0};
    FramePool* pool_ = nullptr;
    VideoFrame* next_returned_ = nullptr;  ///< of the pool, while it is on its way back
};

/// A shared reference to a published picture. May be empty.
class FrameRef {
  public:
    FrameRef() = default;
    FrameRef(const FrameRef& other) : frame_(other.frame_) { retain(); }
    FrameRef(FrameRef&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    FrameRef& operator=(FrameRef other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~FrameRef() { release(); }

    explicit operator bool() const { return frame_ != nullptr; }
    const VideoFrame& operator*() const { return *frame_; }
    const VideoFrame* operator->() const { return frame_; }
    [[nodiscard]] const VideoFrame* get() const { return frame_; }
    /// Nobody else holds it, so nobody ever will: whoever did is done with reading.
    [[nodiscard]] bool sole() const {
        return frame_ != nullptr && frame_->references_.load(std::memory_order_acquire) == 1;
    }

  private:
    friend class FramePool;
    friend class FrameWriter;
    explicit FrameRef(VideoFrame* adopted) : frame_(adopted) {}
    void retain() const {
        if (frame_ != nullptr) frame_->references_.fetch_add(1, std::memory_order_relaxed);
    }
    void release();  // frame_pool.cpp: the last one returns the buffer; takes no lock

    VideoFrame* frame_ = nullptr;
};

/// The sole holder of a picture that is still being written. `publish` ends the writing.
class FrameWriter {
  public:
    FrameWriter() = default;
    FrameWriter(FrameWriter&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    FrameWriter& operator=(FrameWriter&& other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~FrameWriter() { const FrameRef never_published(frame_); }

    explicit operator bool() const { return frame_ != nullptr; }
    VideoFrame* operator->() const { return frame_; }
    VideoFrame& operator*() const { return *frame_; }
    [[nodiscard]] FrameRef publish() && { return FrameRef(std::exchange(frame_, nullptr)); }

  private:
    friend class FramePool;
    explicit FrameWriter(VideoFrame* frame) : frame_(frame) {}
    VideoFrame* frame_ = nullptr;
};

}  // namespace mixer

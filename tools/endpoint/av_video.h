#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/result.h"
#include "common/units.h"
#include "mixer/video/video_frame.h"

namespace endpoint {

struct ClipFormat {
    common::PictureSize size{1280, 720};
    int fps = 30;
    int kbps = 1000;
    int key_interval = 60;     ///< pictures
    int most_slice_bytes = 0;  ///< 0: one slice a picture
    friend bool operator==(const ClipFormat&, const ClipFormat&) = default;
};

/// H.264 by libx264, behind libavcodec: one access unit (Annex B) per picture, parameter sets
/// before every IDR. One thread at a time.
class AvVideoEncoder {
  public:
    [[nodiscard]] static common::Result<std::unique_ptr<AvVideoEncoder>> create(
        const ClipFormat& format);
    ~AvVideoEncoder();

    struct Coded {
        std::vector<std::uint8_t> bytes;
        bool key = false;
    };
    [[nodiscard]] common::Result<Coded> encode(const mixer::VideoFrame& picture);

  private:
    AvVideoEncoder();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// H.264 by libavcodec, single-threaded: one picture out for every access unit in. Pictures are
/// valid while their reference is held. One thread at a time.
class AvVideoDecoder {
  public:
    explicit AvVideoDecoder(mixer::FramePool& pool);
    ~AvVideoDecoder();

    /// Empty when this access unit gave no picture.
    [[nodiscard]] mixer::FrameRef decode(std::span<const std::uint8_t> access_unit);
    /// Pictures that libavcodec called damaged, and access units it refused.
    [[nodiscard]] int error_count() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace endpoint

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/media_types.h"
#include "common/units.h"
#include "mixer/video/video_frame.h"

namespace tests {

/// A decoder that is not ours to trust: libavcodec, told to complain. One picture in, one picture
/// out.
class H264Viewer {
  public:
    struct Luma {
        common::PictureSize size;
        std::vector<std::uint8_t> samples;  ///< rows without padding
    };

    explicit H264Viewer(common::VideoCodec codec = common::VideoCodec::H264);
    ~H264Viewer();
    /// `nals` as in EncodedPicture. Empty when no picture came out.
    [[nodiscard]] std::optional<Luma> decode(std::span<const std::span<const std::uint8_t>> nals);
    /// Warnings and errors libavcodec gave this viewer's decoder.
    [[nodiscard]] int complaints() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Luma, in dB; 99 for equal pictures. Both are of one size.
[[nodiscard]] double luma_psnr(const mixer::VideoFrame& ideal, const H264Viewer::Luma& seen);

}  // namespace tests

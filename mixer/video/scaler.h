#pragma once

#include <cstdint>
#include <vector>

#include "mixer/video/pixel_rect.h"
#include "mixer/video/video_frame.h"

namespace mixer {

/// Scales a part of a picture into a part of another.
///
/// Halves with a box filter until less than 2:1 is left, then bilinear: bilinear alone would skip
/// pixels (alias) beyond 2:1, and the box filter alone costs ten times as much at odd ratios.
/// Thread: one at a time; scratch rows grow to the largest picture seen, then nothing is allocated
/// but libyuv's
///         own row buffers (a few KB, from malloc, in the bilinear step).
class Scaler {
  public:
    void scale(const VideoFrame& from, const PixelRect& crop, VideoFrame& to,
               const PixelRect& into);

  private:
    struct Plane {
        const std::uint8_t* samples;
        int stride, width, height;
    };
    void scale_plane(Plane from, std::uint8_t* to, int to_stride, int to_width, int to_height);

    std::vector<std::uint8_t> scratch_[2];
};

/// Whether `halve_rows` can serve pictures of this size.
[[nodiscard]] bool can_be_halved(common::PictureSize size);

/// Makes the rows of `half`, a picture of half the width and height, that come from the rows
/// [row, row + rows) of `from`; both multiples of 4. It is Scaler's first step towards small sizes:
/// whoever has just written the rows takes it while they are in the cache.
/// Thread: any.
void halve_rows(const VideoFrame& from, int row, int rows, VideoFrame& half);

}  // namespace mixer

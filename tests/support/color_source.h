#pragma once

#include <cstdint>
#include <optional>

#include "mixer/video/frame_pool.h"
#include "mixer/video/pixel_rect.h"

namespace tests {

/// What a picture of a ColorSource says about itself.
struct ColorMark {
    int identity = 0;
    unsigned counter = 0;
    friend bool operator==(const ColorMark&, const ColorMark&) = default;
};

/// Paints pictures that can be told apart after scaling, cropping, dimming and encoding: the
/// identity's colour all over, and in the middle a block of 8x4 cells, one bit each.
///
///          +--------------------------------+
///          |         identity (8 bits)      |   The block spans 27..73 % of the width and 40..60 %
///          of |         counter, high byte     |   the height, so that it survives any crop
///          between 3:4 |         counter, low byte      |   and 16:9, and no label or border lies
///          on it. |         check byte             |
///          +--------------------------------+
class ColorSource {
  public:
    /// `identity` 0..255.
    ColorSource(mixer::FramePool& pool, int identity, common::PictureSize size);
    /// The next picture; counters begin at 0 and wrap at 65536.
    [[nodiscard]] mixer::FrameRef next(common::Timestamp media_time);

    /// The colour it paints with; neighbours in identity are far apart in hue.
    [[nodiscard]] static mixer::Color color_of(int identity);
    static void paint(mixer::VideoFrame& picture, ColorMark mark);
    /// Reads the block of a picture whose *whole* area lies (or, cropped, would lie) at `area`.
    /// Nothing where no such block can be read.
    [[nodiscard]] static std::optional<ColorMark> read(const mixer::VideoFrame& canvas,
                                                       mixer::PixelRect area);
    /// Where the whole of a source's picture lies, for a tile that shows it.
    [[nodiscard]] static mixer::PixelRect area_in(mixer::PixelRect tile, common::PictureSize source,
                                                  mixer::Fit fit);

  private:
    mixer::FramePool& pool_;
    int identity_;
    common::PictureSize size_;
    unsigned counter_ = 0;
};

/// Luma PSNR of two pictures of one size, in dB; 100 when equal.
[[nodiscard]] double luma_psnr(const mixer::VideoFrame& a, const mixer::VideoFrame& b);

}  // namespace tests

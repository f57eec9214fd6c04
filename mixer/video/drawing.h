#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "mixer/video/pixel_rect.h"
#include "mixer/video/scene.h"
#include "mixer/video/video_frame.h"
#include "mixer/video/yuv_color.h"

namespace mixer {

/// Coverage, 0..255, once per luma sample and once per 2x2 of them (the chroma planes').
struct CoverageMask {
    CoverageMask() = default;
    CoverageMask(int width, int height);
    /// Fills the chroma coverage from the luma coverage.
    void average_down();

    int width = 0, height = 0;  ///< even
    std::vector<std::uint8_t> full, half;
};

/// A rendered label: where it lies in its tile, its colours and how much they cover.
struct LabelBitmap {
    PixelRect rect;  ///< relative to the tile
    CoverageMask coverage;
    std::vector<std::uint8_t> y, u, v;  ///< strides: rect.width, rect.width / 2
};

/// The shape of a tile: rounded corners, and the ring that marks the active speaker. Shared by all
/// tiles of one radius and ring width.
///
/// Masks are square, `radius` wide, one per corner: top left, top right, bottom left, bottom right.
struct TileShape {
    /// Both even; `radius` 0: square corners; `ring` is the ring's width.
    TileShape(int radius_px, int ring_px);

    int radius, ring;
    CoverageMask corner[4];       ///< 255 inside the tile
    CoverageMask ring_corner[4];  ///< 255 on the ring
};

// All rectangles lie inside the picture, on even pixels.

void fill(VideoFrame& on, const PixelRect& rect, YuvColor color);

/// Paints `picture`, of exactly the rectangle's size, with the corners of `shape` (null: square).
void paint(VideoFrame& on, const PixelRect& rect, const VideoFrame& picture,
           const TileShape* shape);

/// Paints the ring just inside the rectangle.
void paint_ring(VideoFrame& on, const PixelRect& rect, const TileShape& shape, YuvColor color);

/// Paints a label whose tile begins at (x, y).
void paint_label(VideoFrame& on, int x, int y, const LabelBitmap& label);

/// Darkens a whole picture and takes half its colour: one sees at once that it stands still.
void dim(VideoFrame& picture);

}  // namespace mixer

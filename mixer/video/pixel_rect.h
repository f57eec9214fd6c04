#pragma once

#include "common/units.h"
#include "mixer/layout/layout_plan.h"

namespace mixer {

/// Pixels, even x, y, width and height.
struct PixelRect {
    int x = 0, y = 0, width = 0, height = 0;
    [[nodiscard]] common::PictureSize size() const { return {width, height}; }
    friend bool operator==(const PixelRect&, const PixelRect&) = default;
};

/// Rounds a plan's rectangle to even pixels inside the canvas.
///
/// Equal fractions give equal sizes (one scaling serves them all), and neighbours never overlap:
/// the corner is rounded to the nearest even pixel, the size down.
[[nodiscard]] PixelRect to_pixels(const UnitRect& rect, common::PictureSize canvas);

/// The centred part of `picture` that is seen in `tile` under Fit::Crop: the largest with the
/// tile's shape, or one up to 3 % narrower and lower that is a whole 1, 2, 4 or 8 times the tile. A
/// grid's gaps make tiles of 318x178 where 320x180 would be a quarter of the picture, and the odd
/// ratio costs three times as much and blurs. All four are multiples of 4 where the tile is at most
/// half of a picture that is (see `halve_rows`): shapes then differ by 2 pixels at most.
[[nodiscard]] PixelRect crop_to_shape(common::PictureSize picture, common::PictureSize tile);

/// The largest centred part of `tile` with the shape of `picture`: what is painted under
/// Fit::Letterbox.
[[nodiscard]] PixelRect letterbox(common::PictureSize picture, common::PictureSize tile);

/// How a picture really goes into a tile: one that nearly has its shape (bars below 5 % of the
/// tile) is cropped, for slivers of black look like a fault.
[[nodiscard]] Fit fit_for(common::PictureSize picture, common::PictureSize tile, Fit wanted);

}  // namespace mixer

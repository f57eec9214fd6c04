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

/// The largest centred part of `picture` with the shape of `tile`: what is seen under Fit::Crop.
[[nodiscard]] PixelRect crop_to_shape(common::PictureSize picture, common::PictureSize tile);

/// The largest centred part of `tile` with the shape of `picture`: what is painted under
/// Fit::Letterbox.
[[nodiscard]] PixelRect letterbox(common::PictureSize picture, common::PictureSize tile);

/// How a picture really goes into a tile: one that nearly has its shape (bars below 5 % of the
/// tile) is cropped, for slivers of black look like a fault.
[[nodiscard]] Fit fit_for(common::PictureSize picture, common::PictureSize tile, Fit wanted);

}  // namespace mixer

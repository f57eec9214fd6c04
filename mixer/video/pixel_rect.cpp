#include "mixer/video/pixel_rect.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace mixer {
namespace {

/// At these ratios scaling is a copy or a box filter of whole pixels.
constexpr int kCheapFactors[] = {1, 2, 4, 8};
/// Of a picture's width and height, for the sake of such a ratio: a strip of 1.5 % at each edge is
/// less than room systems' own monitors cut away.
constexpr double kLeastKept = 0.97;

int down_to(int grain, double value) {
    return static_cast<int>(std::floor(value / grain)) * grain;
}
int near_to(int grain, double value) {
    return static_cast<int>(std::lround(value / grain)) * grain;
}
int even_down(double value) {
    return down_to(2, value);
}
int even_near(double value) {
    return near_to(2, value);
}

/// What is halved on its way into the tile is cut at fours, so that its half is cut at twos.
int grain_of_cut(common::PictureSize picture, common::PictureSize tile) {
    return picture.width >= 2 * tile.width && picture.height >= 2 * tile.height ? 4 : 2;
}

/// The largest rectangle of the shape `shape` inside `within`, centred.
PixelRect inscribed(common::PictureSize shape, common::PictureSize within, int grain) {
    const auto wide = static_cast<std::int64_t>(within.width) * shape.height;
    const auto tall = static_cast<std::int64_t>(within.height) * shape.width;
    int width = within.width;
    int height = within.height;
    if (wide > tall) {
        width = std::max(2, near_to(grain, static_cast<double>(tall) / shape.height));
    } else if (wide < tall) {
        height = std::max(2, near_to(grain, static_cast<double>(wide) / shape.width));
    }
    width = std::min(width, within.width);
    height = std::min(height, within.height);
    return {down_to(grain, (within.width - width) / 2.0),
            down_to(grain, (within.height - height) / 2.0), width, height};
}

}  // namespace

PixelRect to_pixels(const UnitRect& rect, common::PictureSize canvas) {
    constexpr double kRoundingNoise = 1e-3;  // 1/3 * 3 may come out a hair below 1
    PixelRect pixels;
    pixels.width = std::max(2, even_down(rect.width * canvas.width + kRoundingNoise));
    pixels.height = std::max(2, even_down(rect.height * canvas.height + kRoundingNoise));
    pixels.width = std::min(pixels.width, canvas.width);
    pixels.height = std::min(pixels.height, canvas.height);
    pixels.x = std::clamp(even_near(rect.x * canvas.width), 0, canvas.width - pixels.width);
    pixels.y = std::clamp(even_near(rect.y * canvas.height), 0, canvas.height - pixels.height);
    return pixels;
}

PixelRect crop_to_shape(common::PictureSize picture, common::PictureSize tile) {
    const int grain = grain_of_cut(picture, tile);
    const PixelRect exact = inscribed(tile, picture, grain);
    for (const int factor : kCheapFactors) {
        const int width = tile.width * factor;
        const int height = tile.height * factor;
        if (width > exact.width || height > exact.height) continue;
        if (width < kLeastKept * exact.width || height < kLeastKept * exact.height) continue;
        return {down_to(grain, (picture.width - width) / 2.0),
                down_to(grain, (picture.height - height) / 2.0), width, height};
    }
    return exact;
}

PixelRect letterbox(common::PictureSize picture, common::PictureSize tile) {
    return inscribed(picture, tile, 2);
}

Fit fit_for(common::PictureSize picture, common::PictureSize tile, Fit wanted) {
    if (wanted == Fit::Crop) return Fit::Crop;
    const double picture_shape = static_cast<double>(picture.width) / picture.height;
    const double tile_shape = static_cast<double>(tile.width) / tile.height;
    const double covered =
        std::min(picture_shape, tile_shape) / std::max(picture_shape, tile_shape);
    return covered > 0.95 ? Fit::Crop : Fit::Letterbox;
}

}  // namespace mixer

#include "mixer/video/drawing.h"

#include <libyuv.h>

#include <algorithm>

#include "common/invariant.h"

namespace mixer {
namespace {

/// One plane of a picture, seen from a rectangle's corner.
struct Spot {
    std::uint8_t* samples;
    int stride;
};

struct Spots {
    Spot y, u, v;
};

Spots spots(VideoFrame& frame, int x, int y) {
    const auto at_y = y * frame.stride_y() + x;
    const auto at_uv = y / 2 * frame.stride_uv() + x / 2;
    return {{frame.writable_y() + at_y, frame.stride_y()},
            {frame.writable_u() + at_uv, frame.stride_uv()},
            {frame.writable_v() + at_uv, frame.stride_uv()}};
}

struct ConstSpot {
    const std::uint8_t* samples;
    int stride;
};

void copy(ConstSpot from, Spot to, int width, int height) {
    libyuv::CopyPlane(from.samples, from.stride, to.samples, to.stride, width, height);
}

void blend(ConstSpot over, const std::uint8_t* coverage, Spot on, int width, int height) {
    libyuv::BlendPlane(over.samples, over.stride, on.samples, on.stride, coverage, width,
                       on.samples, on.stride, width, height);
}

void blend_color(std::uint8_t color, const std::vector<std::uint8_t>& coverage, Spot on, int width,
                 int height) {
    for (int row = 0; row < height; ++row) {
        std::uint8_t* to = on.samples + row * on.stride;
        const std::uint8_t* cover = coverage.data() + row * width;
        for (int i = 0; i < width; ++i) {
            to[i] = static_cast<std::uint8_t>((color * cover[i] + to[i] * (255 - cover[i]) + 127) /
                                              255);
        }
    }
}

/// Copies the part of `picture` that lies at `part` (relative to the tile) onto the tile at (x, y).
void copy_part(VideoFrame& on, int x, int y, const VideoFrame& picture, const PixelRect& part) {
    const Spots to = spots(on, x + part.x, y + part.y);
    const auto from_y = part.y * picture.stride_y() + part.x;
    const auto from_uv = part.y / 2 * picture.stride_uv() + part.x / 2;
    copy({picture.y() + from_y, picture.stride_y()}, to.y, part.width, part.height);
    copy({picture.u() + from_uv, picture.stride_uv()}, to.u, part.width / 2, part.height / 2);
    copy({picture.v() + from_uv, picture.stride_uv()}, to.v, part.width / 2, part.height / 2);
}

void blend_part(VideoFrame& on, int x, int y, const VideoFrame& picture, int part_x, int part_y,
                const CoverageMask& mask) {
    const Spots to = spots(on, x + part_x, y + part_y);
    const auto from_y = part_y * picture.stride_y() + part_x;
    const auto from_uv = part_y / 2 * picture.stride_uv() + part_x / 2;
    const int half_width = mask.width / 2;
    const int half_height = mask.height / 2;
    blend({picture.y() + from_y, picture.stride_y()}, mask.full.data(), to.y, mask.width,
          mask.height);
    blend({picture.u() + from_uv, picture.stride_uv()}, mask.half.data(), to.u, half_width,
          half_height);
    blend({picture.v() + from_uv, picture.stride_uv()}, mask.half.data(), to.v, half_width,
          half_height);
}

/// How much of the pixel (x, y) lies within `radius` of the point (center, center); 16 samples a
/// pixel.
int disc_coverage(int x, int y, double center, double radius) {
    if (radius <= 0) return 0;
    int inside = 0;
    for (int sub = 0; sub < 16; ++sub) {
        const double dx = x + (sub % 4 + 0.5) / 4 - center;
        const double dy = y + (sub / 4 + 0.5) / 4 - center;
        if (dx * dx + dy * dy <= radius * radius) ++inside;
    }
    return inside * 255 / 16;
}

/// The top left corner's masks, turned for corner `which`.
void round_corner(int which, int radius, int ring, CoverageMask& corner, CoverageMask& band) {
    for (int row = 0; row < radius; ++row) {
        for (int column = 0; column < radius; ++column) {
            const int outer = disc_coverage(column, row, radius, radius);
            // The inner edge is an arc where the ring is narrower than the corner, else a square
            // one.
            int inner = disc_coverage(column, row, radius, radius - ring);
            if (ring >= radius) inner = 0;
            const int x = which % 2 == 0 ? column : radius - 1 - column;
            const int y = which / 2 == 0 ? row : radius - 1 - row;
            const auto at = static_cast<std::size_t>(y * radius + x);
            corner.full[at] = static_cast<std::uint8_t>(outer);
            band.full[at] = static_cast<std::uint8_t>(outer - inner);
        }
    }
    corner.average_down();
    band.average_down();
}

}  // namespace

CoverageMask::CoverageMask(int width_px, int height_px)
    : width(width_px),
      height(height_px),
      full(static_cast<std::size_t>(width_px * height_px)),
      half(static_cast<std::size_t>(width_px * height_px / 4)) {
    INVARIANT(width_px % 2 == 0 && height_px % 2 == 0);
}

void CoverageMask::average_down() {
    for (int row = 0; row < height / 2; ++row) {
        for (int column = 0; column < width / 2; ++column) {
            const auto at = static_cast<std::size_t>(2 * row * width + 2 * column);
            const auto below = at + static_cast<std::size_t>(width);
            const int sum = full[at] + full[at + 1] + full[below] + full[below + 1];
            half[static_cast<std::size_t>(row * (width / 2) + column)] =
                static_cast<std::uint8_t>((sum + 2) / 4);
        }
    }
}

TileShape::TileShape(int radius_px, int ring_px) : radius(radius_px), ring(ring_px) {
    INVARIANT(radius % 2 == 0 && ring % 2 == 0);
    for (int which = 0; which < 4; ++which) {
        corner[which] = CoverageMask(radius, radius);
        ring_corner[which] = CoverageMask(radius, radius);
        round_corner(which, radius, ring, corner[which], ring_corner[which]);
    }
}

void fill(VideoFrame& on, const PixelRect& rect, YuvColor color) {
    if (rect.width <= 0 || rect.height <= 0) return;
    const Spots to = spots(on, rect.x, rect.y);
    libyuv::SetPlane(to.y.samples, to.y.stride, rect.width, rect.height, color.y);
    libyuv::SetPlane(to.u.samples, to.u.stride, rect.width / 2, rect.height / 2, color.u);
    libyuv::SetPlane(to.v.samples, to.v.stride, rect.width / 2, rect.height / 2, color.v);
}

void paint(VideoFrame& on, const PixelRect& rect, const VideoFrame& picture,
           const TileShape* shape) {
    INVARIANT(picture.size() == rect.size());
    const int radius = shape == nullptr ? 0 : shape->radius;
    const int far_x = rect.width - radius;
    const int far_y = rect.height - radius;

    copy_part(on, rect.x, rect.y, picture, {0, radius, rect.width, rect.height - 2 * radius});
    if (radius == 0) return;
    const int straight = rect.width - 2 * radius;
    copy_part(on, rect.x, rect.y, picture, {radius, 0, straight, radius});
    copy_part(on, rect.x, rect.y, picture, {radius, far_y, straight, radius});
    for (int which = 0; which < 4; ++which) {
        blend_part(on, rect.x, rect.y, picture, which % 2 == 0 ? 0 : far_x,
                   which / 2 == 0 ? 0 : far_y, shape->corner[which]);
    }
}

void paint_ring(VideoFrame& on, const PixelRect& rect, const TileShape& shape, YuvColor color) {
    const int radius = shape.radius;
    const int ring = shape.ring;
    const int far_x = rect.x + rect.width - radius;
    const int far_y = rect.y + rect.height - radius;
    const int across = rect.width - 2 * radius;
    const int down = rect.height - 2 * radius;

    fill(on, {rect.x + radius, rect.y, across, ring}, color);
    fill(on, {rect.x + radius, rect.y + rect.height - ring, across, ring}, color);
    fill(on, {rect.x, rect.y + radius, ring, down}, color);
    fill(on, {rect.x + rect.width - ring, rect.y + radius, ring, down}, color);
    for (int which = 0; which < 4 && radius > 0; ++which) {
        const CoverageMask& mask = shape.ring_corner[which];
        const Spots to =
            spots(on, which % 2 == 0 ? rect.x : far_x, which / 2 == 0 ? rect.y : far_y);
        blend_color(color.y, mask.full, to.y, radius, radius);
        blend_color(color.u, mask.half, to.u, radius / 2, radius / 2);
        blend_color(color.v, mask.half, to.v, radius / 2, radius / 2);
    }
}

void paint_label(VideoFrame& on, int x, int y, const LabelBitmap& label) {
    const Spots to = spots(on, x + label.rect.x, y + label.rect.y);
    const int width = label.rect.width;
    const int height = label.rect.height;
    const int half_width = width / 2;
    const int half_height = height / 2;
    blend({label.y.data(), width}, label.coverage.full.data(), to.y, width, height);
    blend({label.u.data(), half_width}, label.coverage.half.data(), to.u, half_width, half_height);
    blend({label.v.data(), half_width}, label.coverage.half.data(), to.v, half_width, half_height);
}

void dim(VideoFrame& picture) {
    const auto darken = [](std::uint8_t* row, int width) {
        for (int i = 0; i < width; ++i) {
            row[i] = static_cast<std::uint8_t>(16 + (std::max<int>(row[i], 16) - 16) * 7 / 16);
        }
    };
    const auto wash_out = [](std::uint8_t* row, int width) {
        for (int i = 0; i < width; ++i) row[i] = static_cast<std::uint8_t>((row[i] + 128) / 2);
    };
    for (int y = 0; y < picture.size().height; ++y) {
        darken(picture.writable_y() + y * picture.stride_y(), picture.size().width);
    }
    for (int y = 0; y < picture.size().height / 2; ++y) {
        wash_out(picture.writable_u() + y * picture.stride_uv(), picture.size().width / 2);
        wash_out(picture.writable_v() + y * picture.stride_uv(), picture.size().width / 2);
    }
}

}  // namespace mixer

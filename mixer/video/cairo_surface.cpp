#include "mixer/video/cairo_surface.h"

#include <cstring>

#include "common/invariant.h"

namespace mixer {

Argb& Argb::operator+=(const Argb& other) {
    alpha += other.alpha;
    red += other.red;
    green += other.green;
    blue += other.blue;
    return *this;
}

YuvColor Argb::straight() const {
    if (alpha == 0) return {};
    const double scale = 255.0 / alpha;
    return to_yuv(red * scale, green * scale, blue * scale);
}

CairoSurface::CairoSurface(common::PictureSize size)
    : surface_(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, size.width, size.height)),
      cairo_(cairo_create(surface_)) {
    INVARIANT(cairo_surface_status(surface_) == CAIRO_STATUS_SUCCESS);
}

CairoSurface::~CairoSurface() {
    cairo_destroy(cairo_);
    cairo_surface_destroy(surface_);
}

Argb CairoSurface::at(int x, int y) const {
    const unsigned char* row =
        cairo_image_surface_get_data(surface_) + y * cairo_image_surface_get_stride(surface_);
    std::uint32_t pixel = 0;  // native endian, alpha on top
    std::memcpy(&pixel, row + 4 * x, sizeof pixel);
    const auto byte = [pixel](int shift) { return static_cast<int>(pixel >> shift & 0xff); };
    return {byte(24), byte(16), byte(8), byte(0)};
}

void CairoSurface::copy_to(VideoFrame& picture) const {
    cairo_surface_flush(surface_);
    for (int y = 0; y < picture.size().height; y += 2) {
        for (int x = 0; x < picture.size().width; x += 2) {
            Argb block;
            for (int i = 0; i < 4; ++i) {
                const Argb pixel = at(x + i % 2, y + i / 2);
                picture.writable_y()[(y + i / 2) * picture.stride_y() + x + i % 2] =
                    pixel.straight().y;
                block += pixel;
            }
            const YuvColor mean = block.straight();
            const int at_uv = y / 2 * picture.stride_uv() + x / 2;
            picture.writable_u()[at_uv] = mean.u;
            picture.writable_v()[at_uv] = mean.v;
        }
    }
}

}  // namespace mixer

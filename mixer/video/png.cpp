#include "mixer/video/png.h"

#include <cairo.h>
#include <libyuv.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

namespace mixer {
namespace {

cairo_status_t append(void* closure, const unsigned char* data, unsigned int bytes) {
    auto& png = *static_cast<std::vector<std::uint8_t>*>(closure);
    png.insert(png.end(), data, data + bytes);
    return CAIRO_STATUS_SUCCESS;
}

/// A chroma plane brought to the picture's full size.
std::vector<std::uint8_t> enlarged(const std::uint8_t* plane, int stride,
                                   common::PictureSize size) {
    std::vector<std::uint8_t> full(static_cast<std::size_t>(size.width) *
                                   static_cast<std::size_t>(size.height));
    libyuv::ScalePlane(plane, stride, size.width / 2, size.height / 2, full.data(), size.width,
                       size.width, size.height, libyuv::kFilterBilinear);
    return full;
}

std::uint32_t byte(double value) {
    return static_cast<std::uint32_t>(std::clamp(value + 0.5, 0.0, 255.0));
}

/// ITU-R BT.709-6, 3.2 to 3.5, backwards. Plain arithmetic: the 8-bit coefficients of libyuv's
/// converter lose a tenth of a strong blue.
std::uint32_t to_rgb24(int y, int u, int v) {
    const double luma = (y - 16) * 255.0 / 219;
    const double blue_difference = (u - 128) * 255.0 / 224;
    const double red_difference = (v - 128) * 255.0 / 224;
    const double red = luma + 1.5748 * red_difference;
    const double green = luma - 0.1873 * blue_difference - 0.4681 * red_difference;
    const double blue = luma + 1.8556 * blue_difference;
    return byte(red) << 16 | byte(green) << 8 | byte(blue);
}

void convert(const VideoFrame& picture, unsigned char* pixels, int stride) {
    const auto [width, height] = picture.size();
    const auto u = enlarged(picture.u(), picture.stride_uv(), picture.size());
    const auto v = enlarged(picture.v(), picture.stride_uv(), picture.size());
    for (int y = 0; y < height; ++y) {
        const std::uint8_t* luma = picture.y() + y * picture.stride_y();
        for (int x = 0; x < width; ++x) {
            const auto at = static_cast<std::size_t>(y * width + x);
            const std::uint32_t rgb = to_rgb24(luma[x], u[at], v[at]);
            std::memcpy(pixels + y * stride + 4 * x, &rgb, sizeof rgb);
        }
    }
}

}  // namespace

common::Result<std::vector<std::uint8_t>> encode_png(const VideoFrame& picture) {
    const auto [width, height] = picture.size();
    const std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface(
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height), &cairo_surface_destroy);
    convert(picture, cairo_image_surface_get_data(surface.get()),
            cairo_image_surface_get_stride(surface.get()));
    cairo_surface_mark_dirty(surface.get());

    std::vector<std::uint8_t> png;
    const cairo_status_t status = cairo_surface_write_to_png_stream(surface.get(), &append, &png);
    if (status != CAIRO_STATUS_SUCCESS) {
        return common::fail(common::ErrorCode::Internal,
                            std::string("write PNG: ") + cairo_status_to_string(status));
    }
    return png;
}

}  // namespace mixer

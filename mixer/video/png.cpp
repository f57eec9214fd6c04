#include "mixer/video/png.h"

#include <cairo.h>
#include <libyuv.h>

#include <memory>
#include <string>

namespace mixer {
namespace {

cairo_status_t append(void* closure, const unsigned char* data, unsigned int bytes) {
    auto& png = *static_cast<std::vector<std::uint8_t>*>(closure);
    png.insert(png.end(), data, data + bytes);
    return CAIRO_STATUS_SUCCESS;
}

}  // namespace

common::Result<std::vector<std::uint8_t>> encode_png(const VideoFrame& picture) {
    const auto [width, height] = picture.size();
    const std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface(
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height), &cairo_surface_destroy);
    // libyuv's "ARGB" is Cairo's RGB24: B, G, R, unused in memory on little-endian machines.
    libyuv::I420ToARGBMatrixFilter(
        picture.y(), picture.stride_y(), picture.u(), picture.stride_uv(), picture.v(),
        picture.stride_uv(), cairo_image_surface_get_data(surface.get()),
        cairo_image_surface_get_stride(surface.get()), &libyuv::kYuvH709Constants, width, height,
        libyuv::kFilterBilinear);
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

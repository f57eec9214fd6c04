#include "mixer/video/png.h"

#include <cairo.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "mixer/video/drawing.h"
#include "mixer/video/frame_pool.h"

namespace {

struct Reading {
    const std::vector<std::uint8_t>& bytes;
    std::size_t at = 0;
};

cairo_status_t read(void* closure, unsigned char* to, unsigned int count) {
    auto& reading = *static_cast<Reading*>(closure);
    if (reading.at + count > reading.bytes.size()) return CAIRO_STATUS_READ_ERROR;
    std::memcpy(to, reading.bytes.data() + reading.at, count);
    reading.at += count;
    return CAIRO_STATUS_SUCCESS;
}

}  // namespace

TEST_CASE("A PNG has the picture's size and colours") {
    mixer::FramePool pool(1 << 20);
    const auto color =
        GENERATE(mixer::Color{255, 255, 255}, mixer::Color{0, 0, 0}, mixer::Color{200, 40, 60},
                 mixer::Color{10, 200, 90}, mixer::Color{30, 60, 220});
    mixer::FrameWriter picture = pool.acquire({98, 54});
    mixer::fill(*picture, {0, 0, 98, 54}, mixer::to_yuv(color));

    const auto png = mixer::encode_png(*picture);

    REQUIRE(png);
    Reading reading{*png};
    cairo_surface_t* surface = cairo_image_surface_create_from_png_stream(&read, &reading);
    REQUIRE(cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS);
    CHECK(cairo_image_surface_get_width(surface) == 98);
    CHECK(cairo_image_surface_get_height(surface) == 54);
    const unsigned char* pixel = cairo_image_surface_get_data(surface) +
                                 27 * cairo_image_surface_get_stride(surface) + 4 * 49;
    CHECK(int{pixel[2]} == Approx(color.red).margin(2));
    CHECK(int{pixel[1]} == Approx(color.green).margin(2));
    CHECK(int{pixel[0]} == Approx(color.blue).margin(2));
    cairo_surface_destroy(surface);
}

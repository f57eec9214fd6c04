#pragma once

#include <cairo.h>

#include <cstdint>

#include "mixer/video/video_frame.h"
#include "mixer/video/yuv_color.h"

namespace mixer {

/// A pixel as Cairo keeps it (colours premultiplied by alpha), or the sum of several.
struct Argb {
    int alpha = 0, red = 0, green = 0, blue = 0;
    Argb& operator+=(const Argb& other);
    /// The colour without its transparency.
    [[nodiscard]] YuvColor straight() const;
};

/// A Cairo canvas in memory. Included by mixer/video's .cpp files only: it shows a third-party
/// type.
class CairoSurface {
  public:
    explicit CairoSurface(common::PictureSize size);
    ~CairoSurface();
    CairoSurface(const CairoSurface&) = delete;
    CairoSurface& operator=(const CairoSurface&) = delete;

    [[nodiscard]] cairo_t* cairo() const { return cairo_; }
    [[nodiscard]] cairo_surface_t* surface() const { return surface_; }
    /// What had been drawn when the surface was last flushed.
    [[nodiscard]] Argb at(int x, int y) const;
    /// Converts an opaque drawing of the picture's size.
    void copy_to(VideoFrame& picture) const;

  private:
    cairo_surface_t* surface_;
    cairo_t* cairo_;
};

}  // namespace mixer

#pragma once

#include <cstdint>
#include <vector>

#include "common/units.h"
#include "mixer/video/video_frame.h"

namespace endpoint {

/// Paints what a camera in front of a person might see: a textured wall in the person's colour
/// that pans slowly, head and shoulders that sway, and the bar code. The same for the same
/// (identity, size, number), on every machine.
class ClipPainter {
  public:
    ClipPainter(std::uint32_t identity, common::PictureSize size);
    /// `number` of `total`: the movement closes after `total` pictures, so that a loop has no jump.
    void paint(std::uint32_t number, std::uint32_t total, mixer::VideoFrame& on) const;

  private:
    std::uint32_t identity_;
    common::PictureSize size_;
    std::vector<std::int8_t> texture_;  ///< one tile of it, kTexture x kTexture
};

/// Red, green, blue of an identity: 64 of them, well apart for neighbours.
struct IdentityColor {
    std::uint8_t red, green, blue;
};
[[nodiscard]] IdentityColor identity_color(std::uint32_t identity);

}  // namespace endpoint

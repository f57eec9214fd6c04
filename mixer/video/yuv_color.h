#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "mixer/layout/layout_plan.h"

namespace mixer {

/// A colour as our pictures carry it: BT.709, limited range (ITU-R BT.709-6, 3.2 to 3.5).
struct YuvColor {
    std::uint8_t y = 16, u = 128, v = 128;
    friend bool operator==(const YuvColor&, const YuvColor&) = default;
};

/// `red`, `green`, `blue` in 0..255; fractions and means are welcome.
inline YuvColor to_yuv(double red, double green, double blue) {
    const double luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    const auto code = [](double value) {
        return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
    };
    return {code(16 + luma * 219 / 255), code(128 + (blue - luma) / 1.8556 * 224 / 255),
            code(128 + (red - luma) / 1.5748 * 224 / 255)};
}

inline YuvColor to_yuv(Color color) {
    return to_yuv(color.red, color.green, color.blue);
}

}  // namespace mixer

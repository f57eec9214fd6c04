#pragma once

#include <cstddef>
#include <cstdint>

namespace endpoint {

/// The brightness of somebody else's picture; valid as long as that is.
struct LumaView {
    const std::uint8_t* samples = nullptr;
    int stride = 0, width = 0, height = 0;

    [[nodiscard]] int at(int x, int y) const {
        return samples[static_cast<std::ptrdiff_t>(y) * stride + x];
    }
    [[nodiscard]] const std::uint8_t* row(int y) const {
        return samples + static_cast<std::ptrdiff_t>(y) * stride;
    }
};

/// A plane that may be written.
struct LumaCanvas {
    std::uint8_t* samples = nullptr;
    int stride = 0, width = 0, height = 0;
    [[nodiscard]] LumaView view() const { return {samples, stride, width, height}; }
};

}  // namespace endpoint

#pragma once

#include <cstdint>
#include <vector>

#include "tools/endpoint/luma.h"

namespace endpoint {

/// Who sent a picture, and which picture of its clip it is.
struct BarCode {
    std::uint32_t who = 0;    ///< 0..63
    std::uint32_t frame = 0;  ///< 0..65535
    friend bool operator==(const BarCode&, const BarCode&) = default;
};

/// Where the whole picture that carries a code lies in the picture it was found in: it may reach
/// beyond that one's edges when the tile was cropped.
struct FrameRect {
    double left = 0, top = 0, width = 0, height = 0;
};

struct FoundCode {
    BarCode code;
    FrameRect frame;
};

/// Black and white blocks near the upper edge, where labels (bottom left) do not cover them:
///
///     +--------------------------------------+   18 modules wide, 70 % of the picture's width
///     |  W  .  W  .  W  .  ...  W  .  W  .   |   timing row: finds place and size
///     |  d31 d30 d29              ...   d16  |   who (6), number in Gray code (first 10 bits)
///     |  d15 ...                        d0   |   number (last 6), CRC-10 (x^10+x^9+x^5+x^4+x+1)
///     +--------------------------------------+
///
/// In Gray code one bit changes from number to number, and with it at most half of the CRC: an
/// encoder at 80 kbit/s has little to paint anew. Sized by the width alone, so that any crop of
/// the middle keeps its shape.
void paint_bar_code(LumaCanvas on, BarCode code);

/// All codes in a picture, whatever the layout; smallest readable module: 4 samples.
/// `aspect`: width / height of the pictures that carry codes.
[[nodiscard]] std::vector<FoundCode> find_bar_codes(LumaView in, double aspect);

}  // namespace endpoint

#include "mixer/video/tile_fitter.h"

#include "mixer/video/drawing.h"
#include "mixer/video/pixel_rect.h"

namespace mixer {
namespace {

/// Beside a letterboxed picture: darker than any background, so that the bars read as bars.
constexpr YuvColor kBars{18, 128, 128};

}  // namespace

FrameWriter TileFitter::fit(const VideoFrame& picture, const TileNeed& tile) {
    FrameWriter made = pool_.acquire(tile.size);
    if (!made) return made;
    const PixelRect whole{0, 0, tile.size.width, tile.size.height};
    if (fit_for(picture.size(), tile.size, tile.fit) == Fit::Crop) {
        scaler_.scale(picture, crop_to_shape(picture.size(), tile.size), *made, whole);
    } else {
        const PixelRect inner = letterbox(picture.size(), tile.size);
        if (inner.size() != tile.size) fill(*made, whole, kBars);
        scaler_.scale(picture, {0, 0, picture.size().width, picture.size().height}, *made, inner);
    }
    made->set_media_time(picture.media_time());
    return made;
}

}  // namespace mixer

#include "mixer/video/tile_fitter.h"

#include "mixer/video/drawing.h"
#include "mixer/video/pixel_rect.h"

namespace mixer {
namespace {

/// Beside a letterboxed picture: darker than any background, so that the bars read as bars.
constexpr YuvColor kBars{18, 128, 128};

bool at_most_half(common::PictureSize size, common::PictureSize of) {
    return 2 * size.width <= of.width && 2 * size.height <= of.height;
}

bool on_fours(const PixelRect& rect) {
    return (rect.x | rect.y | rect.width | rect.height) % 4 == 0;
}

}  // namespace

bool TileFitter::begins_with_half(common::PictureSize picture, const TileNeed& tile) {
    return can_be_halved(picture) && at_most_half(tile.size, picture);
}

FrameWriter TileFitter::fit(const VideoFrame& picture, const TileNeed& tile,
                            const VideoFrame* half) {
    FrameWriter made = pool_.acquire(tile.size);
    if (!made) return made;
    const PixelRect whole{0, 0, tile.size.width, tile.size.height};
    if (fit_for(picture.size(), tile.size, tile.fit) == Fit::Crop) {
        scale(picture, half, crop_to_shape(picture.size(), tile.size), *made, whole);
    } else {
        const PixelRect inner = letterbox(picture.size(), tile.size);
        if (inner.size() != tile.size) fill(*made, whole, kBars);
        scale(picture, half, {0, 0, picture.size().width, picture.size().height}, *made, inner);
    }
    made->set_media_time(picture.media_time());
    return made;
}

void TileFitter::scale(const VideoFrame& picture, const VideoFrame* half, const PixelRect& cut,
                       VideoFrame& tile, const PixelRect& into) {
    if (half != nullptr && on_fours(cut) && at_most_half(into.size(), cut.size())) {
        scaler_.scale(*half, {cut.x / 2, cut.y / 2, cut.width / 2, cut.height / 2}, tile, into);
    } else {
        scaler_.scale(picture, cut, tile, into);
    }
}

}  // namespace mixer

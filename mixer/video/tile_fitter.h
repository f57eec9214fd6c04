#pragma once

#include <array>

#include "mixer/layout/layout_plan.h"
#include "mixer/video/frame_pool.h"
#include "mixer/video/scaler.h"
#include "mixer/video/video_frame.h"

namespace mixer {

/// How a tile wants a source's picture.
struct TileNeed {
    common::PictureSize size;
    Fit fit = Fit::Crop;
    friend bool operator==(const TileNeed&, const TileNeed&) = default;
};

/// Brings pictures into the size of tiles: cropped or letterboxed, and scaled.
///
/// Thread: one at a time.
/// Owner:  borrows the pool.
class TileFitter {
  public:
    explicit TileFitter(FramePool& pool) : pool_(pool) {}
    /// Whether the picture's half, where there is one, is of use for the tile.
    [[nodiscard]] static bool begins_with_half(common::PictureSize picture, const TileNeed& tile);
    /// `half`: the picture at half its width and height (halve_rows), or null: then it is made here
    /// where it is needed. Empty when the pool is exhausted.
    [[nodiscard]] FrameWriter fit(const VideoFrame& picture, const TileNeed& tile,
                                  const VideoFrame* half = nullptr);

  private:
    void scale(const VideoFrame& picture, const VideoFrame* half, const PixelRect& cut,
               VideoFrame& tile, const PixelRect& into);

    FramePool& pool_;
    Scaler scaler_;
};

/// Sizes that a decoder makes at once of each picture, while its pixels are still in the cache;
/// what else is wanted is scaled when it is drawn. More than one is wanted where one View has a
/// large tile of a source and another a small one.
constexpr std::size_t kMostFitted = 3;

struct FittedPicture {
    TileNeed tile;
    FrameRef picture;  ///< empty: none
};
using FittedPictures = std::array<FittedPicture, kMostFitted>;

/// A source's picture, and what was made of it for tiles.
struct SourcePicture {
    FrameRef whole;
    FittedPictures fitted;
    bool for_all_tiles = false;  ///< `fitted` has all that is wanted of it at the moment
};

}  // namespace mixer

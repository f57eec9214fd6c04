#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/units.h"
#include "mixer/layout/layout_plan.h"
#include "mixer/video/pixel_rect.h"
#include "mixer/video/video_frame.h"

namespace mixer {

struct LabelBitmap;  ///< opaque outside mixer/video: coverage and colour planes of a rendered label
struct TileShape;    ///< opaque outside mixer/video: rounded corners and the speaker's ring

/// One tile at one canvas size, everything that needs text or rounding already done.
struct SceneTile {
    PixelRect rect;
    Fit fit = Fit::Crop;
    common::SourceId source;
    bool speaking = false;
    bool outlined = false;  ///< it lies on another tile and must stand out
    bool opaque = false;    ///< nothing shows through but at its corners, unless it has no picture
    std::shared_ptr<const TileShape> shape;    ///< may be null: square corners, no ring
    std::shared_ptr<const LabelBitmap> label;  ///< may be null
    FrameRef avatar;  ///< initials on a colour, exactly `rect` in size; empty for an empty slot
};

/// A LayoutPlan drawn out for one canvas size: immutable, so that the tick only swaps a pointer.
struct Scene {
    common::PictureSize size;
    Color background;
    Color speaker_border;
    Color outline;                 ///< around tiles that lie on others
    std::vector<SceneTile> tiles;  ///< in painting order
    /// What no tile touches: background, which stays on a canvas that is drawn again.
    std::vector<PixelRect> empty;
    /// What else no `opaque` tile covers, the corners outside their rounding included: background,
    /// drawn anew each time. None of all these overlap.
    std::vector<PixelRect> bare;
    std::uint64_t serial = 0;  ///< no other scene's
};

/// Turns plans into scenes: rounds rectangles to even pixels, renders labels and avatars with
/// Pango, cached by (text, size, style).
///
/// Thread: control thread (it allocates and renders text; never from a tick).
/// Owner:  borrows the pool.
class SceneBuilder {
  public:
    explicit SceneBuilder(class FramePool& pool);
    ~SceneBuilder();
    [[nodiscard]] std::shared_ptr<const Scene> build(const LayoutPlan& plan,
                                                     common::PictureSize size);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer

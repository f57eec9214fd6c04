#pragma once

#include <memory>
#include <string>

#include "mixer/video/drawing.h"
#include "mixer/video/video_frame.h"

namespace mixer {

/// Draws what needs type: labels and avatars. Any script that the installed fonts cover, either
/// direction.
///
/// Thread: one at a time (Pango's font map is not shared).
/// Shape:  type, margins and corners grow with the tile; text that does not fit ends in an
/// ellipsis.
class TextPainter {
  public:
    TextPainter();
    ~TextPainter();

    /// A name and the muted mark on a dark box, to lie at the bottom left of a tile of this size.
    /// Null when there is nothing to write or the tile is too small to read it.
    [[nodiscard]] std::shared_ptr<const LabelBitmap> paint_label(const std::string& name,
                                                                 bool muted,
                                                                 common::PictureSize tile);
    /// Initials on a disc of the person's colour, on a dark shade of it; the whole picture.
    void paint_avatar(const std::string& initials, Color color, VideoFrame& picture);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mixer

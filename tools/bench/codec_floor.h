#pragma once

#include <memory>
#include <vector>

#include "common/result.h"
#include "common/units.h"
#include "mixer/video/frame_pool.h"
#include "mixer/video/pixel_rect.h"
#include "mixer/video/video_frame.h"
#include "tools/endpoint/clip.h"

namespace bench {

/// Somebody who sends, and where his picture stands on a canvas.
struct Sender {
    std::shared_ptr<const endpoint::Clip> clip;
    mixer::PixelRect tile;
};

/// So many encoders of one kind, and what they encode.
struct EncoderGroup {
    common::PictureSize size;
    int kbps = 1000, count = 1;
    std::vector<mixer::FrameRef> pictures;
};

/// CPU time of one tick, in ms.
struct CodecCosts {
    double decode_ms = 0, scale_ms = 0;  ///< of everybody who sends, once
    std::vector<double> encode_ms;       ///< of all encoders of a group
    [[nodiscard]] double all_ms() const;
};

/// What codecs alone cost: tick after tick one thread decodes and scales one picture of everybody,
/// then encodes one by each encoder, and sleeps until the next is due, as every bridge must. So
/// each finds the caches as the others left them and the core as sleep left it, which an encoder
/// alone in a loop would not.
///
/// Canvases are `canvas` in size and groups of other sizes scaled from it. The best of three runs
/// of a clip's key frame interval each; the encoders' first pictures, which are key pictures, are
/// not in it. Errors: what a codec says.
[[nodiscard]] common::Result<CodecCosts> codec_floor(const std::vector<Sender>& senders,
                                                     common::PictureSize canvas,
                                                     const std::vector<EncoderGroup>& groups,
                                                     int fps, mixer::FramePool& pool);

}  // namespace bench

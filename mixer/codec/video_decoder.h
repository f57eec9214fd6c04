#pragma once

#include <cstdint>
#include <memory>

#include "common/encoded_frame.h"
#include "common/result.h"
#include "mixer/video/frame_pool.h"

namespace mixer {

/// Why a decoder gave no picture. One byte: expected on bad networks, counted, never logged per
/// frame.
enum class VideoDecodeError : std::uint8_t { NeedsKeyFrame, Corrupt, TooLarge, NoMemory };

/// One source's decoder.
///
/// Shape:  in: one whole access unit; out: a picture from the pool, size as coded and cropped, at
/// most 1920x1088,
///         `media_time()` = the frame's `due`. Size may change at any key frame. Odd sizes are
///         cropped to even. Full range is brought to limited; the colour matrix is taken for
///         BT.709.
/// Thread: one at a time (a SerialJob holds it); single-threaded inside.
class VideoDecoder {
  public:
    virtual ~VideoDecoder() = default;
    /// An empty FrameRef: nothing to show yet, no error.
    [[nodiscard]] virtual tl::expected<FrameRef, VideoDecodeError> decode(
        const common::EncodedFrame& frame) = 0;
    /// Whether parts of the newest picture were guessed because data was missing or damaged.
    [[nodiscard]] virtual bool concealed() const = 0;
    /// Whether pictures should also be made at half their width and height, from the next on: at
    /// little cost, as each row is still in the cache when it is halved.
    virtual void make_halves(bool /*wanted*/) {}
    /// The half of what `decode` gave last, once. Empty: not wanted, or not to be had (sizes that
    /// are no multiples of 4, guessed parts, pictures coded out of order); scaling then begins
    /// anew.
    [[nodiscard]] virtual FrameRef take_half() { return {}; }
};

/// H.264 Constrained Baseline, Main and High (8 bits, 4:2:0), or VP8, by libavcodec, which writes
/// straight into the pool's pictures. More luma samples than 1920x1088, or a side beyond 1920
/// (upright pictures are welcome), are refused before memory is allocated for them. Damaged H.264
/// is concealed; damaged VP8 is decoded as far as it goes. VP8 has no halves.
[[nodiscard]] common::Result<std::unique_ptr<VideoDecoder>> make_decoder(common::VideoCodec codec,
                                                                         FramePool& pool);

/// Decodes each frame as what it says it is: the codec's decoder is opened when its first frame
/// comes, and stays until one of another codec does. NoMemory where it cannot be opened.
[[nodiscard]] std::unique_ptr<VideoDecoder> make_video_decoder(FramePool& pool);

}  // namespace mixer

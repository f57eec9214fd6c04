#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "common/media_types.h"
#include "common/result.h"
#include "common/units.h"
#include "mixer/video/video_frame.h"

namespace mixer {

/// What the parameter sets say. Two encoders of one format write identical SPS and PPS, so that
/// pictures of both can stand in one stream. VP8 has neither profile nor level: both stay as they
/// are here.
struct StreamFormat {
    common::VideoCodec codec = common::VideoCodec::H264;
    common::PictureSize size;
    int frames_per_second = 30;
    common::H264Profile profile = common::H264Profile::ConstrainedBaseline;
    int level_idc = 31;  ///< see common::lowest_h264_level()
    friend bool operator==(const StreamFormat&, const StreamFormat&) = default;
};

/// One picture just encoded; valid until the next call to the encoder that made it.
struct CodedPicture {
    bool key = false;  ///< an IDR: SPS and PPS come first; a VP8 key frame
    /// H.264 NAL units without start codes, no SEI; VP8: the frame as the only one.
    std::span<const std::span<const std::uint8_t>> nals;
};

/// What every decoder that followed the stream shows now; NV12, valid until the encoder's next
/// call.
struct Reconstruction {
    const std::uint8_t* y = nullptr;
    const std::uint8_t* uv = nullptr;
    int stride_y = 0;
    int stride_uv = 0;
    int qp = 0;  ///< the picture's mean quantizer, 0..51
};

enum class PictureType : std::uint8_t { Predicted, Key };

/// The encoder that all viewers of a Rendition share.
///
/// Shape:  one reference, no B pictures, an infinite key frame interval: only the first picture is
///         a key picture unasked. H.264 has MaxFrameNum 16, so that a splice IDR fits wherever
///         `next_frame_num() == 0`. A VP8 stream cannot be spliced: each picture goes on with the
///         probabilities of the one before.
/// Thread: one at a time (a SerialJob holds it); single-threaded inside.
class VideoEncoder {
  public:
    static constexpr int kMaxFrameNum = 16;

    virtual ~VideoEncoder() = default;
    /// Fails with `Internal` when the library does; the stream then needs a new encoder.
    [[nodiscard]] virtual common::Result<CodedPicture> encode(const VideoFrame& frame,
                                                              PictureType type) = 0;
    /// Whether starts can be spliced in. Without it the next three are neither needed nor to be
    /// called, and there are no NAL units to limit.
    [[nodiscard]] virtual bool can_splice() const = 0;
    [[nodiscard]] virtual Reconstruction reconstruction() const { return {}; }
    /// What a predicted picture would carry next, 0..15 (H.264 7.4.3: frame_num counts reference
    /// pictures).
    [[nodiscard]] virtual int next_frame_num() const { return 0; }
    /// From the next picture on one column of macroblocks after the other is coded without
    /// prediction from outside what was refreshed already, one a picture: when it comes to the
    /// right edge, all who follow see the same, whatever they saw before. No key frame; the bitrate
    /// stays.
    virtual void refresh() {}
    /// From the next picture on no NAL unit is longer than this (packetization-mode 0); 0 lifts the
    /// limit. No key frame.
    virtual void limit_nal_bytes(int /*max_nal_bytes*/) {}
    /// From the next picture on so many a second come, at most as many as the format says, and
    /// share the bitrate. No key frame.
    virtual void set_pictures_per_second(int count) = 0;
};

/// How much of the picture a start keeps: a coarse one has half of the bytes, and still parts stay
/// coarser than others see them until the stream is refreshed.
enum class StartQuality : std::uint8_t { Fine, Coarse };

/// Makes a decodable start out of a picture of a stream that goes on unchanged: the splice IDR.
///
/// Thread: one at a time.
class SpliceEncoder {
  public:
    virtual ~SpliceEncoder() = default;
    /// An IDR that looks like `shown`, a picture with frame_num 0 of a stream of the same format,
    /// and can be sent in its place: the stream's next picture then predicts from it.
    [[nodiscard]] virtual common::Result<CodedPicture> encode(
        const Reconstruction& shown, int max_nal_bytes,
        StartQuality quality = StartQuality::Fine) = 0;
};

[[nodiscard]] common::Result<std::unique_ptr<VideoEncoder>> make_x264_encoder(
    const StreamFormat& format, common::Bitrate bitrate);
[[nodiscard]] common::Result<std::unique_ptr<SpliceEncoder>> make_x264_splice_encoder(
    const StreamFormat& format);
[[nodiscard]] common::Result<std::unique_ptr<VideoEncoder>> make_vp8_encoder(
    const StreamFormat& format, common::Bitrate bitrate);

}  // namespace mixer

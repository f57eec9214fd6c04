extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "mixer/codec/coded_size.h"
#include "mixer/codec/video_decoder.h"
#include "mixer/video/scaler.h"

namespace mixer {
namespace {

constexpr int kLongestSide = 1920;
constexpr int kMostSamples = 1920 * 1088;

bool fits(common::PictureSize size) {
    return size.width <= kLongestSide && size.height <= kLongestSide &&
           size.width * size.height <= kMostSamples;
}

int even(int value) {
    return value & ~1;
}

struct ContextDeleter {
    void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct FrameDeleter {
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct PacketDeleter {
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};

using ByteTable = std::array<std::uint8_t, 256>;

/// Full range to limited: 255 steps become `steps`, around `full_zero` -> `limited_zero`.
ByteTable make_range_table(int full_zero, int limited_zero, int steps) {
    ByteTable table{};
    for (int i = 0; i < 256; ++i) {
        const double value = limited_zero + (i - full_zero) * steps / 255.0;
        table[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(std::lround(value));
    }
    return table;
}

void copy_plane(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride,
                int width, int height, const ByteTable* table) {
    for (int y = 0; y < height; ++y, from += from_stride, to += to_stride) {
        if (table == nullptr) {
            std::memcpy(to, from, static_cast<std::size_t>(width));
        } else {
            for (int x = 0; x < width; ++x) to[x] = (*table)[from[x]];
        }
    }
}

/// The half of a picture in decoding, made row by row.
///
/// libavcodec says which rows are done a few after it decoded them, when deblocking below no longer
/// changes them. They are then in the core's own cache; the whole picture is not when it is done.
class HalfInMaking {
  public:
    /// `half` may be empty: nothing is made.
    void begin(const VideoFrame& picture, FrameWriter half) {
        picture_ = &picture;
        half_ = std::move(half);
        rows_seen_ = rows_made_ = 0;
    }
    void abandon() { half_ = {}; }
    /// Rows that are out of turn (arbitrary slice order, fields, slices that are not deblocked
    /// alike) end it.
    void take_rows(const VideoFrame& picture, int row, int rows) {
        if (!half_) return;
        if (&picture != picture_ || row != rows_seen_) return abandon();
        const int height = picture.size().height;
        rows_seen_ = std::min(row + rows, height);
        const int whole = rows_seen_ == height ? height : rows_seen_ / 4 * 4;
        halve_rows(picture, rows_made_, whole - rows_made_, *half_);
        rows_made_ = whole;
    }
    /// Empty unless every row of `picture` was made. Ends it.
    [[nodiscard]] FrameRef finish(const VideoFrame& picture) {
        const bool whole = half_ && &picture == picture_ && rows_made_ == picture.size().height;
        FrameWriter made = std::move(half_);
        return whole ? std::move(made).publish() : FrameRef();
    }

  private:
    const VideoFrame* picture_ = nullptr;  // only compared, but while libavcodec holds it
    FrameWriter half_;
    int rows_seen_ = 0, rows_made_ = 0;
};

class LibavDecoder final : public VideoDecoder {
  public:
    LibavDecoder(common::VideoCodec codec, FramePool& pool) : codec_(codec), pool_(pool) {}
    ~LibavDecoder() override { av_buffer_unref(&padded_); }
    LibavDecoder(const LibavDecoder&) = delete;
    LibavDecoder& operator=(const LibavDecoder&) = delete;

    common::Result<void> open();
    tl::expected<FrameRef, VideoDecodeError> decode(const common::EncodedFrame& frame) override;
    [[nodiscard]] bool concealed() const override { return concealed_; }
    void make_halves(bool wanted) override { make_halves_ = wanted; }
    [[nodiscard]] FrameRef take_half() override { return std::exchange(half_, {}); }

  private:
    static AVPixelFormat choose_format(AVCodecContext*, const AVPixelFormat* offered);
    static int give_buffer(AVCodecContext* context, AVFrame* frame, int flags);
    int give_picture(AVFrame& frame);
    void begin_half(const VideoFrame& picture);
    static void take_rows(AVCodecContext* context, const AVFrame* frame,
                          int offset[AV_NUM_DATA_POINTERS], int row, int type, int rows);

    bool fill_packet(const std::vector<std::uint8_t>& bytes);
    FrameRef take_picture();
    FrameRef copy_picture();
    [[nodiscard]] VideoDecodeError reason(int av_error) const;

    const common::VideoCodec codec_;
    FramePool& pool_;
    std::unique_ptr<AVCodecContext, ContextDeleter> context_;
    std::unique_ptr<AVFrame, FrameDeleter> decoded_;
    std::unique_ptr<AVPacket, PacketDeleter> packet_;
    AVBufferRef* padded_ = nullptr;
    common::Timestamp due_;
    HalfInMaking half_in_making_;
    FrameRef half_;
    bool make_halves_ = false;
    bool concealed_ = false;
    bool pool_was_empty_ = false;
};

common::Result<void> LibavDecoder::open() {
    const std::string name = codec_ == common::VideoCodec::Vp8 ? "VP8" : "H.264";
    const AVCodec* codec = avcodec_find_decoder(
        codec_ == common::VideoCodec::Vp8 ? AV_CODEC_ID_VP8 : AV_CODEC_ID_H264);
    if (codec == nullptr) {
        return common::fail(common::ErrorCode::Unsupported, "libavcodec was built without " + name);
    }
    context_.reset(avcodec_alloc_context3(codec));
    decoded_.reset(av_frame_alloc());
    packet_.reset(av_packet_alloc());
    if (!context_ || !decoded_ || !packet_) {
        return common::fail(common::ErrorCode::Internal,
                            "open the " + name + " decoder: out of memory");
    }
    context_->opaque = this;
    context_->get_format = &choose_format;
    context_->get_buffer2 = &give_buffer;
    context_->draw_horiz_band = &take_rows;
    context_->thread_count = 1;
    // A mixer shows each picture as soon as it is there, damaged or not: the lane decides what is
    // seen.
    context_->flags |= AV_CODEC_FLAG_LOW_DELAY | AV_CODEC_FLAG_OUTPUT_CORRUPT;
    context_->error_concealment = FF_EC_GUESS_MVS | FF_EC_DEBLOCK;
    context_->max_pixels = kMostSamples;
    context_->log_level_offset = 100;  // what peers send is counted, not logged
    if (avcodec_open2(context_.get(), codec, nullptr) < 0) {
        return common::fail(common::ErrorCode::Internal, "open the " + name + " decoder");
    }
    return {};
}

AVPixelFormat LibavDecoder::choose_format(AVCodecContext*, const AVPixelFormat* offered) {
    for (; *offered != AV_PIX_FMT_NONE; ++offered) {
        if (*offered == AV_PIX_FMT_YUV420P || *offered == AV_PIX_FMT_YUVJ420P) return *offered;
    }
    return AV_PIX_FMT_NONE;
}

int LibavDecoder::give_buffer(AVCodecContext* context, AVFrame* frame, int) {
    return static_cast<LibavDecoder*>(context->opaque)->give_picture(*frame);
}

/// Lets libavcodec write into a pooled picture. It stays unseen by others until libavcodec hands it
/// out, and both may read it from then on: the decoder as a reference, the compositor as a picture.
int LibavDecoder::give_picture(AVFrame& frame) {
    // max_pixels knows the area only, and a cropping rectangle may leave next to nothing.
    const common::PictureSize seen{even(context_->width), even(context_->height)};
    if (!fits({frame.width, frame.height}) || seen.width < 2 || seen.height < 2) {
        return AVERROR_INVALIDDATA;
    }
    int width = frame.width;
    int height = frame.height;
    int stride_alignment[AV_NUM_DATA_POINTERS];
    avcodec_align_dimensions2(context_.get(), &width, &height, stride_alignment);
    FrameWriter picture = pool_.acquire({even(width + 1), even(height + 1)});
    if (!picture) {
        pool_was_empty_ = true;
        return AVERROR(ENOMEM);
    }
    picture->crop_to(seen);
    picture->set_media_time(due_);

    frame.data[0] = picture->writable_y();
    frame.data[1] = picture->writable_u();
    frame.data[2] = picture->writable_v();
    frame.linesize[0] = picture->stride_y();
    frame.linesize[1] = frame.linesize[2] = picture->stride_uv();
    frame.extended_data = frame.data;
    const auto bytes =
        static_cast<std::size_t>(frame.data[2] - frame.data[0]) +
        static_cast<std::size_t>(picture->stride_uv()) * static_cast<std::size_t>(height / 2);
    auto held = std::make_unique<FrameRef>(std::move(picture).publish());
    begin_half(**held);
    frame.buf[0] = av_buffer_create(
        frame.data[0], bytes,
        [](void* opaque, std::uint8_t*) { delete static_cast<FrameRef*>(opaque); }, held.get(), 0);
    if (frame.buf[0] == nullptr) return AVERROR(ENOMEM);
    held.release();  // NOLINT(bugprone-unused-return-value): libavcodec's now
    return 0;
}

void LibavDecoder::begin_half(const VideoFrame& picture) {
    const common::PictureSize size = picture.size();
    // Pictures that are coded ahead of their turn would come out with another's half.
    // libavcodec's VP8 does not say which rows are done.
    const bool wanted = make_halves_ && codec_ == common::VideoCodec::H264 && can_be_halved(size) &&
                        context_->has_b_frames == 0;
    half_in_making_.begin(
        picture, wanted ? pool_.acquire({size.width / 2, size.height / 2}) : FrameWriter());
}

void LibavDecoder::take_rows(AVCodecContext* context, const AVFrame* frame,
                             int[AV_NUM_DATA_POINTERS], int row, int type, int rows) {
    constexpr int kWholeFrame = 3;  // both fields
    HalfInMaking& half = static_cast<LibavDecoder*>(context->opaque)->half_in_making_;
    if (type != kWholeFrame || frame->buf[0] == nullptr) return half.abandon();
    half.take_rows(**static_cast<FrameRef*>(av_buffer_get_opaque(frame->buf[0])), row, rows);
}

/// libavcodec reads up to 64 bytes past the end of what it parses: the packet is copied once, with
/// zeros after.
bool LibavDecoder::fill_packet(const std::vector<std::uint8_t>& bytes) {
    const std::size_t needed = bytes.size() + AV_INPUT_BUFFER_PADDING_SIZE;
    if (padded_ == nullptr || padded_->size < needed || av_buffer_is_writable(padded_) == 0) {
        av_buffer_unref(&padded_);
        padded_ = av_buffer_alloc(needed + needed / 2);
        if (padded_ == nullptr) return false;
    }
    std::memcpy(padded_->data, bytes.data(), bytes.size());
    std::memset(padded_->data + bytes.size(), 0, AV_INPUT_BUFFER_PADDING_SIZE);
    packet_->buf = av_buffer_ref(padded_);
    packet_->data = padded_->data;
    packet_->size = static_cast<int>(bytes.size());
    return packet_->buf != nullptr;
}

tl::expected<FrameRef, VideoDecodeError> LibavDecoder::decode(const common::EncodedFrame& frame) {
    if (frame.bytes.empty()) return FrameRef();
    const auto announced = codec_ == common::VideoCodec::Vp8 ? vp8_coded_size(frame.bytes)
                                                             : largest_coded_size(frame.bytes);
    if (announced && !fits(*announced)) return tl::unexpected(VideoDecodeError::TooLarge);
    if (!fill_packet(frame.bytes)) return tl::unexpected(VideoDecodeError::NoMemory);

    due_ = frame.due;
    pool_was_empty_ = false;
    half_ = {};
    const int sent = avcodec_send_packet(context_.get(), packet_.get());
    av_packet_unref(packet_.get());
    FrameRef newest;
    int received = 0;
    while ((received = avcodec_receive_frame(context_.get(), decoded_.get())) >= 0) {
        newest = take_picture();
        av_frame_unref(decoded_.get());
    }
    if (newest) return newest;
    if (sent < 0) return tl::unexpected(reason(sent));
    if (received != AVERROR(EAGAIN)) return tl::unexpected(reason(received));
    return FrameRef();
}

FrameRef LibavDecoder::take_picture() {
    concealed_ =
        decoded_->decode_error_flags != 0 || (decoded_->flags & AV_FRAME_FLAG_CORRUPT) != 0;
    const bool full_range =
        decoded_->format == AV_PIX_FMT_YUVJ420P || decoded_->color_range == AVCOL_RANGE_JPEG;
    const auto& held = *static_cast<FrameRef*>(av_buffer_get_opaque(decoded_->buf[0]));
    const common::PictureSize size{even(decoded_->width), even(decoded_->height)};
    // A picture cropped at its left or top begins amid the buffer, where planes would not be
    // aligned.
    if (full_range || held->y() != decoded_->data[0] || held->size() != size) return copy_picture();
    half_ = half_in_making_.finish(*held);
    if (concealed_) half_ = {};  // what was guessed was written after the rows were halved
    return held;
}

FrameRef LibavDecoder::copy_picture() {
    static const ByteTable luma = make_range_table(0, 16, 219);
    static const ByteTable chroma = make_range_table(128, 128, 224);
    const bool full_range =
        decoded_->format == AV_PIX_FMT_YUVJ420P || decoded_->color_range == AVCOL_RANGE_JPEG;
    const int width = even(decoded_->width);
    const int height = even(decoded_->height);
    if (width < 2 || height < 2) return {};
    FrameWriter copy = pool_.acquire({width, height});
    if (!copy) {
        pool_was_empty_ = true;
        return {};
    }
    copy_plane(decoded_->data[0], decoded_->linesize[0], copy->writable_y(), copy->stride_y(),
               width, height, full_range ? &luma : nullptr);
    copy_plane(decoded_->data[1], decoded_->linesize[1], copy->writable_u(), copy->stride_uv(),
               width / 2, height / 2, full_range ? &chroma : nullptr);
    copy_plane(decoded_->data[2], decoded_->linesize[2], copy->writable_v(), copy->stride_uv(),
               width / 2, height / 2, full_range ? &chroma : nullptr);
    copy->set_media_time(due_);
    return std::move(copy).publish();
}

VideoDecodeError LibavDecoder::reason(int av_error) const {
    if (pool_was_empty_ || av_error == AVERROR(ENOMEM)) return VideoDecodeError::NoMemory;
    // Without any parameter set so far there is no size.
    return context_->coded_width == 0 ? VideoDecodeError::NeedsKeyFrame : VideoDecodeError::Corrupt;
}

}  // namespace

common::Result<std::unique_ptr<VideoDecoder>> make_decoder(common::VideoCodec codec,
                                                           FramePool& pool) {
    auto decoder = std::make_unique<LibavDecoder>(codec, pool);
    if (auto opened = decoder->open(); !opened) return tl::unexpected(opened.error());
    return decoder;
}

}  // namespace mixer

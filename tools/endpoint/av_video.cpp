#include "tools/endpoint/av_video.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "common/invariant.h"
#include "mixer/video/frame_pool.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
}

namespace endpoint {
namespace {

struct ContextDeleter {
    void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct FrameDeleter {
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct PacketDeleter {
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
using ContextPtr = std::unique_ptr<AVCodecContext, ContextDeleter>;
using FramePtr = std::unique_ptr<AVFrame, FrameDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, PacketDeleter>;

void copy_plane(const std::uint8_t* from, int from_stride, std::uint8_t* to, int to_stride,
                int width, int height) {
    for (int y = 0; y < height; ++y) {
        std::memcpy(to + static_cast<std::ptrdiff_t>(y) * to_stride,
                    from + static_cast<std::ptrdiff_t>(y) * from_stride,
                    static_cast<std::size_t>(width));
    }
}

}  // namespace

struct AvVideoEncoder::Impl {
    ContextPtr context;
    FramePtr frame;
    PacketPtr packet;
    std::int64_t pts = 0;
};

AvVideoEncoder::AvVideoEncoder() : impl_(std::make_unique<Impl>()) {}
AvVideoEncoder::~AvVideoEncoder() = default;

common::Result<std::unique_ptr<AvVideoEncoder>> AvVideoEncoder::create(const ClipFormat& format) {
    av_log_set_level(AV_LOG_FATAL);
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    if (codec == nullptr) {
        return common::fail(common::ErrorCode::Unsupported, "libavcodec has no libx264");
    }
    std::unique_ptr<AvVideoEncoder> made(new AvVideoEncoder);
    Impl& impl = *made->impl_;
    impl.context.reset(avcodec_alloc_context3(codec));
    impl.frame.reset(av_frame_alloc());
    impl.packet.reset(av_packet_alloc());
    AVCodecContext& c = *impl.context;
    c.width = format.size.width;
    c.height = format.size.height;
    c.time_base = {1, format.fps};
    c.framerate = {format.fps, 1};
    c.pix_fmt = AV_PIX_FMT_YUV420P;
    c.bit_rate = format.kbps * 1000LL;
    c.rc_max_rate = c.bit_rate;
    c.rc_buffer_size = static_cast<int>(c.bit_rate);
    c.gop_size = format.key_interval;
    c.max_b_frames = 0;
    c.thread_count = 1;
    c.color_range = AVCOL_RANGE_MPEG;
    c.colorspace = AVCOL_SPC_BT709;
    av_opt_set(c.priv_data, "preset", "superfast", 0);
    av_opt_set(c.priv_data, "tune", "zerolatency", 0);
    av_opt_set(c.priv_data, "profile", "baseline", 0);
    av_opt_set(c.priv_data, "forced-idr", "1", 0);
    std::string more = "scenecut=0:sliced-threads=0:repeat-headers=1:aud=0";
    if (format.most_slice_bytes > 0) {
        more += ":slice-max-size=" + std::to_string(format.most_slice_bytes);
    }
    av_opt_set(c.priv_data, "x264-params", more.c_str(), 0);
    if (avcodec_open2(&c, codec, nullptr) < 0) {
        return common::fail(common::ErrorCode::Unsupported, "libx264 refuses the clip's format");
    }
    return made;
}

common::Result<AvVideoEncoder::Coded> AvVideoEncoder::encode(const mixer::VideoFrame& picture) {
    AVFrame& frame = *impl_->frame;
    frame.format = AV_PIX_FMT_YUV420P;
    frame.width = picture.size().width;
    frame.height = picture.size().height;
    frame.pts = impl_->pts++;
    if (frame.buf[0] == nullptr && av_frame_get_buffer(&frame, 0) < 0) {
        return common::fail(common::ErrorCode::Internal, "no memory for a picture");
    }
    if (av_frame_make_writable(&frame) < 0) {
        return common::fail(common::ErrorCode::Internal, "no memory for a picture");
    }
    const int w = frame.width, h = frame.height;
    copy_plane(picture.y(), picture.stride_y(), frame.data[0], frame.linesize[0], w, h);
    copy_plane(picture.u(), picture.stride_uv(), frame.data[1], frame.linesize[1], w / 2, h / 2);
    copy_plane(picture.v(), picture.stride_uv(), frame.data[2], frame.linesize[2], w / 2, h / 2);
    if (avcodec_send_frame(impl_->context.get(), &frame) < 0 ||
        avcodec_receive_packet(impl_->context.get(), impl_->packet.get()) < 0) {
        return common::fail(common::ErrorCode::Internal, "libx264 gave no picture");
    }
    AVPacket& packet = *impl_->packet;
    Coded coded;
    coded.bytes.assign(packet.data, packet.data + packet.size);
    coded.key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    av_packet_unref(&packet);
    return coded;
}

struct AvVideoDecoder::Impl {
    explicit Impl(mixer::FramePool& frame_pool) : pool(frame_pool) {}
    mixer::FramePool& pool;
    ContextPtr context;
    FramePtr frame;
    PacketPtr packet;
    std::vector<std::uint8_t> padded;
    int errors = 0;
};

AvVideoDecoder::AvVideoDecoder(mixer::FramePool& pool) : impl_(std::make_unique<Impl>(pool)) {
    av_log_set_level(AV_LOG_FATAL);  // what is damaged is counted and reported
    const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    INVARIANT(codec != nullptr);
    impl_->context.reset(avcodec_alloc_context3(codec));
    impl_->context->thread_count = 1;
    impl_->context->flags |= AV_CODEC_FLAG_LOW_DELAY;
    impl_->frame.reset(av_frame_alloc());
    impl_->packet.reset(av_packet_alloc());
    INVARIANT(avcodec_open2(impl_->context.get(), codec, nullptr) == 0);
}
AvVideoDecoder::~AvVideoDecoder() = default;

mixer::FrameRef AvVideoDecoder::decode(std::span<const std::uint8_t> access_unit) {
    Impl& impl = *impl_;
    impl.padded.assign(access_unit.begin(), access_unit.end());
    impl.padded.resize(access_unit.size() + AV_INPUT_BUFFER_PADDING_SIZE);
    impl.packet->data = impl.padded.data();
    impl.packet->size = static_cast<int>(access_unit.size());
    if (avcodec_send_packet(impl.context.get(), impl.packet.get()) < 0) {
        ++impl.errors;
        return {};
    }
    mixer::FrameRef last;
    while (avcodec_receive_frame(impl.context.get(), impl.frame.get()) == 0) {
        const AVFrame& f = *impl.frame;
        if (f.decode_error_flags != 0 || (f.flags & AV_FRAME_FLAG_CORRUPT) != 0) ++impl.errors;
        const common::PictureSize size{f.width & ~1, f.height & ~1};
        mixer::FrameWriter made = impl.pool.acquire(size);
        if (made) {
            const int w = size.width, h = size.height;
            copy_plane(f.data[0], f.linesize[0], made->writable_y(), made->stride_y(), w, h);
            copy_plane(f.data[1], f.linesize[1], made->writable_u(), made->stride_uv(), w / 2,
                       h / 2);
            copy_plane(f.data[2], f.linesize[2], made->writable_v(), made->stride_uv(), w / 2,
                       h / 2);
            last = std::move(made).publish();
        }
        av_frame_unref(impl.frame.get());
    }
    return last;
}

int AvVideoDecoder::error_count() const {
    return impl_->errors;
}

}  // namespace endpoint

#include "tests/support/h264_clip.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
}

#include <cstring>

#include "common/invariant.h"
#include "tests/support/color_source.h"

namespace tests {
namespace {

AVCodecContext* open_encoder(const ClipSettings& settings) {
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    INVARIANT(codec != nullptr);
    AVCodecContext* context = avcodec_alloc_context3(codec);
    context->width = settings.size.width;
    context->height = settings.size.height;
    context->time_base = {1, 30};
    context->framerate = {30, 1};
    context->pix_fmt = settings.full_range ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
    context->color_range = settings.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    context->gop_size = settings.key_interval;
    context->max_b_frames = settings.b_pictures;
    context->thread_count = 1;
    context->log_level_offset = 100;  // the encoder's statistics are not what a test has to say
    av_opt_set(context->priv_data, "preset", "veryfast", 0);
    if (settings.b_pictures == 0) av_opt_set(context->priv_data, "tune", "zerolatency", 0);
    av_opt_set(context->priv_data, "profile", settings.profile.c_str(), 0);
    av_opt_set(context->priv_data, "crf", "20", 0);
    if (!settings.x264_params.empty()) {
        av_opt_set(context->priv_data, "x264-params", settings.x264_params.c_str(), 0);
    }
    INVARIANT(avcodec_open2(context, codec, nullptr) == 0);
    return context;
}

void copy(const mixer::VideoFrame& from, AVFrame& to) {
    const auto plane = [](const std::uint8_t* source, int stride, std::uint8_t* target,
                          int target_stride, int width, int height) {
        for (int y = 0; y < height; ++y) {
            std::memcpy(target + y * target_stride, source + y * stride,
                        static_cast<std::size_t>(width));
        }
    };
    const auto [width, height] = from.size();
    plane(from.y(), from.stride_y(), to.data[0], to.linesize[0], width, height);
    plane(from.u(), from.stride_uv(), to.data[1], to.linesize[1], width / 2, height / 2);
    plane(from.v(), from.stride_uv(), to.data[2], to.linesize[2], width / 2, height / 2);
}

common::EncodedFrame to_frame(const AVPacket& packet, const ClipSettings& settings) {
    common::EncodedFrame frame;
    frame.key_frame = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    frame.due = settings.start + std::chrono::nanoseconds(packet.pts * 1'000'000'000 / 30);
    frame.arrival = frame.due;
    frame.rtp_time_90khz = static_cast<std::uint32_t>(packet.pts * 3000);
    frame.bytes.assign(packet.data, packet.data + packet.size);
    return frame;
}

}  // namespace

std::vector<common::EncodedFrame> make_h264_clip(const ClipSettings& settings) {
    mixer::FramePool pool(64U << 20);
    ColorSource camera(pool, settings.identity, settings.size);
    AVCodecContext* encoder = open_encoder(settings);
    AVFrame* picture = av_frame_alloc();
    picture->format = encoder->pix_fmt;
    picture->width = settings.size.width;
    picture->height = settings.size.height;
    INVARIANT(av_frame_get_buffer(picture, 0) == 0);
    AVPacket* packet = av_packet_alloc();

    std::vector<common::EncodedFrame> clip;
    for (int i = 0; i <= settings.pictures; ++i) {
        const bool flush = i == settings.pictures;
        if (!flush) {
            INVARIANT(av_frame_make_writable(picture) == 0);
            copy(*camera.next({}), *picture);
            picture->pts = i;
        }
        INVARIANT(avcodec_send_frame(encoder, flush ? nullptr : picture) == 0);
        while (avcodec_receive_packet(encoder, packet) == 0) {
            clip.push_back(to_frame(*packet, settings));
            av_packet_unref(packet);
        }
    }
    av_packet_free(&packet);
    av_frame_free(&picture);
    avcodec_free_context(&encoder);
    return clip;
}

}  // namespace tests

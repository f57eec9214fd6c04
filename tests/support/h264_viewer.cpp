#include "tests/support/h264_viewer.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/log.h>
}

#include <atomic>
#include <cmath>
#include <map>
#include <mutex>

#include "common/invariant.h"

namespace tests {
namespace {

std::mutex complaints_mutex;
std::map<const void*, int> complaints_by_codec;

void count_complaint(void* context, int level, const char*, va_list) {
    if (level > AV_LOG_WARNING) return;
    const std::lock_guard lock(complaints_mutex);
    ++complaints_by_codec[context];
}

}  // namespace

struct H264Viewer::Impl {
    bool has_start_codes = true;
    AVCodecContext* codec = nullptr;
    AVPacket* packet = av_packet_alloc();
    AVFrame* frame = av_frame_alloc();
};

H264Viewer::H264Viewer(common::VideoCodec codec) : impl_(std::make_unique<Impl>()) {
    av_log_set_callback(count_complaint);
    impl_->has_start_codes = codec == common::VideoCodec::H264;
    const AVCodec* decoder = avcodec_find_decoder(
        codec == common::VideoCodec::H264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_VP8);
    impl_->codec = avcodec_alloc_context3(decoder);
    impl_->codec->thread_count = 1;
    impl_->codec->err_recognition = AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_AGGRESSIVE;
    INVARIANT(avcodec_open2(impl_->codec, decoder, nullptr) == 0);
    const std::lock_guard lock(complaints_mutex);
    complaints_by_codec[impl_->codec] = 0;
}

H264Viewer::~H264Viewer() {
    avcodec_free_context(&impl_->codec);
    av_packet_free(&impl_->packet);
    av_frame_free(&impl_->frame);
}

std::optional<H264Viewer::Luma> H264Viewer::decode(
    std::span<const std::span<const std::uint8_t>> nals) {
    std::vector<std::uint8_t> stream;
    for (const auto nal : nals) {
        if (impl_->has_start_codes) stream.insert(stream.end(), {0, 0, 0, 1});
        stream.insert(stream.end(), nal.begin(), nal.end());
    }
    const int bytes = static_cast<int>(stream.size());
    stream.resize(stream.size() + AV_INPUT_BUFFER_PADDING_SIZE);
    impl_->packet->data = stream.data();
    impl_->packet->size = bytes;
    if (avcodec_send_packet(impl_->codec, impl_->packet) != 0) return std::nullopt;
    if (avcodec_receive_frame(impl_->codec, impl_->frame) != 0) return std::nullopt;

    const AVFrame& frame = *impl_->frame;
    Luma luma{.size = {frame.width, frame.height}, .samples = {}};
    for (int y = 0; y < frame.height; ++y) {
        const std::uint8_t* row =
            frame.data[0] + static_cast<std::ptrdiff_t>(y) * frame.linesize[0];
        luma.samples.insert(luma.samples.end(), row, row + frame.width);
    }
    return luma;
}

int H264Viewer::complaints() const {
    const std::lock_guard lock(complaints_mutex);
    return complaints_by_codec.at(impl_->codec);
}

double luma_psnr(const mixer::VideoFrame& ideal, const H264Viewer::Luma& seen) {
    INVARIANT(ideal.size() == seen.size);
    std::int64_t squares = 0;
    for (int y = 0; y < seen.size.height; ++y) {
        const std::uint8_t* a = ideal.y() + static_cast<std::ptrdiff_t>(y) * ideal.stride_y();
        const std::uint8_t* b =
            seen.samples.data() + static_cast<std::ptrdiff_t>(y) * seen.size.width;
        for (int x = 0; x < seen.size.width; ++x) squares += (a[x] - b[x]) * (a[x] - b[x]);
    }
    if (squares == 0) return 99;
    const double samples = static_cast<double>(seen.samples.size());
    return 10 * std::log10(255.0 * 255.0 * samples / static_cast<double>(squares));
}

}  // namespace tests

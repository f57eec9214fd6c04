#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include <algorithm>
#include <array>
#include <string>

#include "mixer/codec/video_encoder.h"

namespace mixer {
namespace {

constexpr int kClockHz = 90'000;
/// Fixed, where a positive one follows the wall clock: what a picture costs and looks like must not
/// depend on who else wants the core.
constexpr int kSpeed = -6;
/// A quiet meeting needs no finer picture; the bits are better kept for the next movement. As
/// x264's 14.
constexpr unsigned kFinestQuantizer = 4;
/// No coarser: a picture that moves a lot is sent in more bytes rather than not at all.
constexpr unsigned kCoarsestQuantizer = 60;
/// How much the stream may run ahead of its rate, as x264's buffer. Short, because a link as narrow
/// as the rung queues all of it.
constexpr unsigned kBufferMs = 600, kBufferStartMs = 300, kBufferAimMs = 400;
/// A key picture has at most so many times the bytes of a mean one: a quarter of a second's.
constexpr int kMostKeyBytesPercent = 750;

/// An open vpx_codec_ctx_t.
class VpxContext {
  public:
    VpxContext() = default;
    ~VpxContext() {
        if (open_) vpx_codec_destroy(&context_);
    }
    VpxContext(const VpxContext&) = delete;
    VpxContext& operator=(const VpxContext&) = delete;

    [[nodiscard]] bool open(const vpx_codec_enc_cfg_t& config) {
        open_ = vpx_codec_enc_init(&context_, vpx_codec_vp8_cx(), &config, 0) == VPX_CODEC_OK;
        return open_;
    }
    [[nodiscard]] vpx_codec_ctx_t* get() { return &context_; }

  private:
    vpx_codec_ctx_t context_{};
    bool open_ = false;
};

class Vp8Encoder final : public VideoEncoder {
  public:
    [[nodiscard]] bool open(const StreamFormat& format, common::Bitrate bitrate) {
        vpx_codec_enc_cfg_t config;
        if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &config, 0) != VPX_CODEC_OK)
            return false;
        config.g_w = static_cast<unsigned>(format.size.width);
        config.g_h = static_cast<unsigned>(format.size.height);
        config.g_timebase = {1, kClockHz};
        config.g_threads = 1;
        config.g_lag_in_frames = 0;
        config.g_pass = VPX_RC_ONE_PASS;
        // Probabilities begun anew with each picture would only help who decodes on past a loss.
        // Browsers do not, nor do we: a packet that is missed comes again, or a key picture does.
        config.g_error_resilient = 0;
        config.kf_mode = VPX_KF_DISABLED;
        config.rc_end_usage = VPX_CBR;
        config.rc_target_bitrate = static_cast<unsigned>(bitrate.bps() / 1000);
        config.rc_dropframe_thresh = 0;
        config.rc_resize_allowed = 0;
        config.rc_undershoot_pct = 100;
        config.rc_overshoot_pct = 15;
        config.rc_min_quantizer = kFinestQuantizer;
        config.rc_max_quantizer = kCoarsestQuantizer;
        config.rc_buf_sz = kBufferMs;
        config.rc_buf_initial_sz = kBufferStartMs;
        config.rc_buf_optimal_sz = kBufferAimMs;
        pictures_per_second_ = format.frames_per_second;
        size_ = format.size;
        return context_.open(config) && set(VP8E_SET_CPUUSED, kSpeed) &&
               set(VP8E_SET_STATIC_THRESHOLD, 1U) && set(VP8E_SET_NOISE_SENSITIVITY, 0U) &&
               set(VP8E_SET_TOKEN_PARTITIONS, 0) &&
               set(VP8E_SET_MAX_INTRA_BITRATE_PCT, static_cast<unsigned>(kMostKeyBytesPercent));
    }

    common::Result<CodedPicture> encode(const VideoFrame& frame, PictureType type) override {
        if (frame.size() != size_) {
            return common::fail(common::ErrorCode::Internal, "a picture of another size for VP8");
        }
        vpx_image_t image = image_of(frame);
        const auto duration =
            static_cast<unsigned long>(kClockHz / std::max(1, pictures_per_second_));
        const vpx_enc_frame_flags_t flags = type == PictureType::Key ? VPX_EFLAG_FORCE_KF : 0;
        const vpx_codec_err_t error =
            vpx_codec_encode(context_.get(), &image, next_pts_, duration, flags, VPX_DL_REALTIME);
        next_pts_ += static_cast<vpx_codec_pts_t>(duration);
        if (error != VPX_CODEC_OK) {
            return common::fail(common::ErrorCode::Internal,
                                std::string("libvpx: ") + vpx_codec_err_to_string(error));
        }
        vpx_codec_iter_t iterator = nullptr;
        while (const vpx_codec_cx_pkt_t* packet =
                   vpx_codec_get_cx_data(context_.get(), &iterator)) {
            if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
            frame_[0] = {static_cast<const std::uint8_t*>(packet->data.frame.buf),
                         packet->data.frame.sz};
            return CodedPicture{.key = (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0,
                                .nals = frame_};
        }
        return common::fail(common::ErrorCode::Internal, "libvpx made no picture");
    }

    [[nodiscard]] bool can_splice() const override { return false; }
    /// libvpx takes the rate of pictures from their times.
    void set_pictures_per_second(int count) override { pictures_per_second_ = count; }

  private:
    template <typename Value>
    bool set(int control, Value value) {
        return vpx_codec_control_(context_.get(), control, value) == VPX_CODEC_OK;
    }

    static vpx_image_t image_of(const VideoFrame& frame) {
        vpx_image_t image{};
        const auto [width, height] = frame.size();
        // Reads only, but does not say so.
        vpx_img_wrap(&image, VPX_IMG_FMT_I420, static_cast<unsigned>(width),
                     static_cast<unsigned>(height), 1, const_cast<std::uint8_t*>(frame.y()));
        image.planes[VPX_PLANE_U] = const_cast<std::uint8_t*>(frame.u());
        image.planes[VPX_PLANE_V] = const_cast<std::uint8_t*>(frame.v());
        image.stride[VPX_PLANE_Y] = frame.stride_y();
        image.stride[VPX_PLANE_U] = image.stride[VPX_PLANE_V] = frame.stride_uv();
        return image;
    }

    VpxContext context_;
    common::PictureSize size_;
    vpx_codec_pts_t next_pts_ = 0;
    int pictures_per_second_ = 30;
    std::array<std::span<const std::uint8_t>, 1> frame_;
};

}  // namespace

common::Result<std::unique_ptr<VideoEncoder>> make_vp8_encoder(const StreamFormat& format,
                                                               common::Bitrate bitrate) {
    auto encoder = std::make_unique<Vp8Encoder>();
    if (!encoder->open(format, bitrate)) {
        return common::fail(common::ErrorCode::Internal, "libvpx refused to open an encoder for " +
                                                             std::to_string(format.size.width) +
                                                             "x" +
                                                             std::to_string(format.size.height));
    }
    return encoder;
}

}  // namespace mixer

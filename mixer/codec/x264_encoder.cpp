#include <stdint.h>  // x264.h wants it first
#include <x264.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <vector>

#include "common/log.h"
#include "mixer/codec/frame_num_narrower.h"
#include "mixer/codec/video_encoder.h"

namespace mixer {
namespace {

/// How much finer than the shared picture's mean a splice IDR is quantized. Quiet parts of a stream
/// have been refined for many pictures and are better than its mean quantizer says; at -6 a spliced
/// viewer lost 0.50-0.55 dB against the ideal picture over 300 pictures, at -8 0.38-0.47 dB for a
/// fifth more bytes (people moving, 360p at 350 and 720p at 1000 kbit/s, 39-40 dB).
constexpr int kSpliceQpOffset = -8;
constexpr int kLowestSpliceQp = 10, kHighestSpliceQp = 51;
/// For who is on a path that loses or is narrow: a start of 55 KB at 720p is there late, and whole
/// later still.
constexpr int kCoarseQpOffset = 1;
/// A quiet meeting needs no finer picture; the bits are better kept for the next movement.
constexpr int kLowestSharedQp = 14;
/// How much the stream may run ahead of its rate. Short, because a link as narrow as the rung
/// queues all of it.
constexpr int kVbvMilliseconds = 600;
/// What narrowing frame_num may add to a NAL unit: shifted by some bits, zeros may want emulation
/// prevention that wanted none before. In 1200 bytes of noise that is one byte in 3000 units.
constexpr int kRoomForEscapes = 4;

void log_x264(void*, int level, const char* format, va_list arguments) {
    if (level > X264_LOG_ERROR) return;
    char line[256];
    std::vsnprintf(line, sizeof line, format, arguments);
    LOG_ERROR("x264: {}", line);
}

const char* x264_profile(common::H264Profile profile) {
    switch (profile) {
        case common::H264Profile::ConstrainedBaseline:
            return "baseline";  // x264 sets constraint_set1 with it
        case common::H264Profile::Main:
            return "main";
        case common::H264Profile::High:
            return "high";
    }
    return "baseline";
}

/// Who gets so small a picture has few bits, and its pixels are few: what is looked for longer
/// costs a tenth of a 720p picture and is worth nearly 2 dB.
const char* preset_for(common::PictureSize size) {
    constexpr int kSmall = 432 * 240;
    return size.width * size.height <= kSmall ? "faster" : "superfast";
}

/// All that the parameter sets depend on, and all that makes a stream spliceable. Both contexts
/// start from here.
x264_param_t parameters_for(const StreamFormat& format) {
    x264_param_t p;
    x264_param_default_preset(&p, preset_for(format.size), "zerolatency");
    p.pf_log = log_x264;
    p.i_log_level = X264_LOG_ERROR;
    p.i_threads = 1;
    p.i_lookahead_threads = 1;
    p.b_sliced_threads = 0;
    p.i_width = format.size.width;
    p.i_height = format.size.height;
    p.i_level_idc = format.level_idc;
    p.i_fps_num = static_cast<uint32_t>(format.frames_per_second);
    p.i_fps_den = 1;
    p.i_timebase_num = 1;
    p.i_timebase_den = p.i_fps_num;
    p.b_vfr_input = 0;
    p.vui.b_fullrange = 0;
    p.vui.i_colorprim = p.vui.i_transfer = p.vui.i_colmatrix = 1;  // H.264 E.2.1: BT.709
    p.vui.i_sar_width = p.vui.i_sar_height = 1;

    p.b_stitchable = 1;
    p.i_frame_reference = 1;
    p.i_dpb_size = 1;
    p.i_bframe = 0;
    p.i_keyint_max = X264_KEYINT_MAX_INFINITE;
    p.i_scenecut_threshold = 0;
    p.b_intra_refresh = 0;
    p.analyse.i_weighted_pred = X264_WEIGHTP_NONE;
    p.b_full_recon = 1;

    p.b_repeat_headers = 1;
    p.b_annexb = 0;
    p.b_aud = 0;
    p.i_nal_hrd = X264_NAL_HRD_NONE;
    x264_param_apply_profile(&p, x264_profile(format.profile));
    return p;
}

/// An open x264_t and the NAL list of its last picture.
class X264Context {
  public:
    ~X264Context() {
        if (handle_ != nullptr) x264_encoder_close(handle_);
    }
    X264Context() = default;
    X264Context(const X264Context&) = delete;
    X264Context& operator=(const X264Context&) = delete;

    [[nodiscard]] bool open(x264_param_t& parameters) {
        handle_ = x264_encoder_open(&parameters);
        return handle_ != nullptr;
    }

    void refresh() { x264_encoder_intra_refresh(handle_); }

    /// Takes effect at the next picture.
    void limit_nal_bytes(int max_nal_bytes) {
        if (max_nal_bytes == max_nal_bytes_) return;
        x264_param_t p;
        x264_encoder_parameters(handle_, &p);
        p.i_slice_max_size = max_nal_bytes;
        if (x264_encoder_reconfig(handle_, &p) == 0) max_nal_bytes_ = max_nal_bytes;
    }

    /// What x264 takes for a second is `format.frames_per_second` pictures, and it cannot be told
    /// otherwise: of fewer each may have more bits. The buffer stays as it was in bits.
    void set_kbps(int kbps) {
        x264_param_t p;
        x264_encoder_parameters(handle_, &p);
        if (p.rc.i_bitrate == kbps) return;
        p.rc.i_bitrate = p.rc.i_vbv_max_bitrate = kbps;
        x264_encoder_reconfig(handle_, &p);
    }

    [[nodiscard]] common::Result<CodedPicture> encode(x264_picture_t& in, x264_picture_t& out) {
        x264_nal_t* nals = nullptr;
        int nal_count = 0;
        in.i_pts = next_pts_++;
        if (x264_encoder_encode(handle_, &nals, &nal_count, &in, &out) <= 0) {
            return common::fail(common::ErrorCode::Internal, "x264 made no picture");
        }
        nals_.clear();
        for (const x264_nal_t& nal : std::span(nals, static_cast<std::size_t>(nal_count))) {
            // Nobody reads x264's signature, and it costs 600 bytes. The picture that begins a
            // refresh repeats the parameter sets, which everybody has.
            const bool sets = nal.i_type == NAL_SPS || nal.i_type == NAL_PPS;
            if (nal.i_type == NAL_SEI || (sets && out.i_type != X264_TYPE_IDR)) continue;
            constexpr int kSizePrefix =
                4;  // b_annexb = 0: four bytes of size stand before each unit
            nals_.emplace_back(nal.p_payload + kSizePrefix,
                               static_cast<std::size_t>(nal.i_payload - kSizePrefix));
        }
        return CodedPicture{.key = out.i_type == X264_TYPE_IDR, .nals = nals_};
    }

  private:
    x264_t* handle_ = nullptr;
    int max_nal_bytes_ = 0;
    std::int64_t next_pts_ = 0;
    std::vector<std::span<const std::uint8_t>> nals_;
};

class X264Encoder final : public VideoEncoder {
  public:
    [[nodiscard]] bool open(const StreamFormat& format, common::Bitrate bitrate) {
        x264_param_t p = parameters_for(format);
        p.i_csp = X264_CSP_I420;
        // With an infinite interval there is a refresh only when asked for. It also makes frame_num
        // wider, which is undone below.
        p.b_intra_refresh = 1;
        p.rc.i_rc_method = X264_RC_ABR;
        p.rc.i_bitrate = p.rc.i_vbv_max_bitrate = static_cast<int>(bitrate.bps() / 1000);
        p.rc.i_vbv_buffer_size = p.rc.i_bitrate * kVbvMilliseconds / 1000;
        p.rc.i_qp_min = kLowestSharedQp;
        kbps_ = p.rc.i_bitrate;
        frames_per_second_ = pictures_per_second_ = format.frames_per_second;
        return context_.open(p);
    }

    common::Result<CodedPicture> encode(const VideoFrame& frame, PictureType type) override {
        x264_picture_t in;
        x264_picture_init(&in);
        in.i_type = type == PictureType::Key ? X264_TYPE_IDR : X264_TYPE_AUTO;
        in.img.i_csp = X264_CSP_I420;
        in.img.i_plane = 3;
        const std::uint8_t* planes[] = {frame.y(), frame.u(), frame.v()};
        const int strides[] = {frame.stride_y(), frame.stride_uv(), frame.stride_uv()};
        for (int i = 0; i < 3; ++i) {
            in.img.plane[i] =
                const_cast<std::uint8_t*>(planes[i]);  // x264 reads only, but does not say so
            in.img.i_stride[i] = strides[i];
        }
        auto coded = context_.encode(in, out_);
        if (!coded) return coded;
        coded->nals = narrower_.narrow(coded->nals);
        if (coded->nals.empty()) {
            return common::fail(common::ErrorCode::Internal,
                                "x264 wrote a slice header of another shape than expected");
        }
        next_frame_num_ = coded->key ? 1 : (next_frame_num_ + 1) % kMaxFrameNum;
        return coded;
    }

    bool can_splice() const override { return true; }

    Reconstruction reconstruction() const override {
        return {.y = out_.img.plane[0],
                .uv = out_.img.plane[1],
                .stride_y = out_.img.i_stride[0],
                .stride_uv = out_.img.i_stride[1],
                .qp = std::clamp(out_.i_qpplus1 - 1, 0, 51)};
    }

    int next_frame_num() const override { return next_frame_num_; }
    void refresh() override { context_.refresh(); }
    void limit_nal_bytes(int max_nal_bytes) override {
        context_.limit_nal_bytes(max_nal_bytes == 0 ? 0 : max_nal_bytes - kRoomForEscapes);
    }
    void set_pictures_per_second(int count) override {
        if (count == pictures_per_second_) return;
        pictures_per_second_ = count;
        context_.set_kbps(kbps_ * frames_per_second_ / std::max(1, count));
    }

  private:
    X264Context context_;
    FrameNumNarrower narrower_;
    x264_picture_t out_{};
    int next_frame_num_ = 0;
    int kbps_ = 0;
    int frames_per_second_ = 30;
    int pictures_per_second_ = 30;
};

class X264SpliceEncoder final : public SpliceEncoder {
  public:
    [[nodiscard]] bool open(const StreamFormat& format) {
        x264_param_t p = parameters_for(format);
        p.i_csp = X264_CSP_NV12;
        // Each picture brings its quantizer. x264 obeys a forced one neither under VBV nor, but for
        // three steps around i_qp_constant, in CQP; in CRF without adaptive quantization it does,
        // for every macroblock.
        p.rc.i_rc_method = X264_RC_CRF;
        p.rc.i_aq_mode = X264_AQ_NONE;
        return context_.open(p);
    }

    common::Result<CodedPicture> encode(const Reconstruction& shown, int max_nal_bytes,
                                        StartQuality quality) override {
        context_.limit_nal_bytes(max_nal_bytes);
        x264_picture_t in;
        x264_picture_init(&in);
        in.i_type = X264_TYPE_IDR;
        const int offset = quality == StartQuality::Fine ? kSpliceQpOffset : kCoarseQpOffset;
        in.i_qpplus1 = std::clamp(shown.qp + offset, kLowestSpliceQp, kHighestSpliceQp) + 1;
        in.img.i_csp = X264_CSP_NV12;
        in.img.i_plane = 2;
        in.img.plane[0] = const_cast<std::uint8_t*>(shown.y);
        in.img.plane[1] = const_cast<std::uint8_t*>(shown.uv);
        in.img.i_stride[0] = shown.stride_y;
        in.img.i_stride[1] = shown.stride_uv;
        return context_.encode(in, out_);
    }

  private:
    X264Context context_;
    x264_picture_t out_{};
};

std::string describe(const StreamFormat& format) {
    return std::to_string(format.size.width) + "x" + std::to_string(format.size.height) + " at " +
           std::to_string(format.frames_per_second) + " pictures per second";
}

}  // namespace

common::Result<std::unique_ptr<VideoEncoder>> make_x264_encoder(const StreamFormat& format,
                                                                common::Bitrate bitrate) {
    auto encoder = std::make_unique<X264Encoder>();
    if (!encoder->open(format, bitrate)) {
        return common::fail(common::ErrorCode::Internal,
                            "x264 refused to open an encoder for " + describe(format));
    }
    return encoder;
}

common::Result<std::unique_ptr<SpliceEncoder>> make_x264_splice_encoder(
    const StreamFormat& format) {
    auto encoder = std::make_unique<X264SpliceEncoder>();
    if (!encoder->open(format)) {
        return common::fail(common::ErrorCode::Internal,
                            "x264 refused to open a splice context for " + describe(format));
    }
    return encoder;
}

}  // namespace mixer

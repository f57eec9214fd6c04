#include "tools/bench/codec_floor.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>

#include "mixer/codec/video_decoder.h"
#include "mixer/codec/video_encoder.h"
#include "mixer/video/scaler.h"
#include "tools/bench/thread_cpu.h"

namespace bench {
namespace {

constexpr int kTimes = 3;
/// As many as there are from key frame to key frame in a clip.
constexpr std::uint32_t kTicks = 60;

struct Incoming {
    std::vector<common::EncodedFrame> frames;
    mixer::PixelRect tile;
    std::unique_ptr<mixer::VideoDecoder> decoder;
};

common::Result<std::vector<Incoming>> incoming(const std::vector<Sender>& senders,
                                               mixer::FramePool& pool) {
    std::vector<Incoming> all;
    for (const Sender& sender : senders) {
        Incoming& one = all.emplace_back();
        one.tile = sender.tile;
        one.frames.resize(
            std::min<std::size_t>(static_cast<std::size_t>(sender.clip->size()), kTicks));
        for (std::uint32_t i = 0; i < one.frames.size(); ++i) {
            const auto bytes = sender.clip->access_unit(i);
            one.frames[i].key_frame = sender.clip->is_key(i);
            one.frames[i].bytes.assign(bytes.begin(), bytes.end());
        }
        auto decoder = mixer::make_decoder(common::VideoCodec::H264, pool);
        if (!decoder) return tl::unexpected(decoder.error());
        one.decoder = std::move(*decoder);
    }
    return all;
}

using Encoders = std::vector<std::unique_ptr<mixer::VideoEncoder>>;

/// Behind their first pictures: a meeting that goes on has no key pictures.
common::Result<Encoders> begun(const EncoderGroup& group, int fps) {
    Encoders encoders;
    for (int i = 0; i < group.count; ++i) {
        auto encoder = mixer::make_x264_encoder({.size = group.size, .frames_per_second = fps},
                                                common::Bitrate::from_kbps(group.kbps));
        if (!encoder) return tl::unexpected(encoder.error());
        const auto first = (*encoder)->encode(*group.pictures.back(), mixer::PictureType::Key);
        if (!first) return tl::unexpected(first.error());
        encoders.push_back(std::move(*encoder));
    }
    return encoders;
}

/// A tile of the canvas on a canvas of this size.
mixer::PixelRect tile_on(common::PictureSize size, const mixer::PixelRect& tile,
                         common::PictureSize canvas) {
    const auto fit = [](int value, int to, int from) { return value * to / from / 2 * 2; };
    return {fit(tile.x, size.width, canvas.width), fit(tile.y, size.height, canvas.height),
            std::max(2, fit(tile.width, size.width, canvas.width)),
            std::max(2, fit(tile.height, size.height, canvas.height))};
}

}  // namespace

double CodecCosts::all_ms() const {
    return std::accumulate(encode_ms.begin(), encode_ms.end(), decode_ms + scale_ms);
}

common::Result<CodecCosts> codec_floor(const std::vector<Sender>& senders,
                                       common::PictureSize canvas,
                                       const std::vector<EncoderGroup>& groups, int fps,
                                       mixer::FramePool& pool) {
    auto all = incoming(senders, pool);
    if (!all) return tl::unexpected(all.error());
    mixer::Scaler scaler;
    std::vector<mixer::FrameWriter> canvases;
    for (const EncoderGroup& group : groups) {
        if (group.pictures.empty()) {
            return common::fail(common::ErrorCode::InvalidArgument, "nothing to encode");
        }
        canvases.push_back(pool.acquire(group.size));
        if (!canvases.back()) {
            return common::fail(common::ErrorCode::Internal, "no memory for canvases");
        }
    }
    std::vector<CodecCosts> runs;
    for (int time = 0; time < kTimes; ++time) {
        std::vector<Encoders> encoders;
        for (const EncoderGroup& group : groups) {
            auto made = begun(group, fps);
            if (!made) return tl::unexpected(made.error());
            encoders.push_back(std::move(*made));
        }
        CodecCosts& cost = runs.emplace_back();
        cost.encode_ms.resize(groups.size());
        const auto began_at = std::chrono::steady_clock::now();
        for (std::uint32_t tick = 0; tick < kTicks; ++tick) {
            std::this_thread::sleep_until(began_at + tick * std::chrono::seconds(1) / fps);
            for (Incoming& one : *all) {
                const double began = thread_cpu_ms();
                const auto picture = one.decoder->decode(one.frames[tick % one.frames.size()]);
                const double decoded = thread_cpu_ms();
                cost.decode_ms += (decoded - began) / kTicks;
                if (!picture || !*picture) continue;
                for (std::size_t g = 0; g < groups.size(); ++g) {
                    const mixer::PixelRect tile = tile_on(groups[g].size, one.tile, canvas);
                    const auto part = mixer::crop_to_shape((*picture)->size(), tile.size());
                    scaler.scale(**picture, part, *canvases[g], tile);
                }
                cost.scale_ms += (thread_cpu_ms() - decoded) / kTicks;
            }
            for (std::size_t g = 0; g < groups.size(); ++g) {
                const auto& pictures = groups[g].pictures;
                const double began = thread_cpu_ms();
                for (auto& encoder : encoders[g]) {
                    (void)encoder->encode(*pictures[tick % pictures.size()],
                                          mixer::PictureType::Predicted);
                }
                cost.encode_ms[g] += (thread_cpu_ms() - began) / kTicks;
            }
        }
    }
    return *std::min_element(runs.begin(), runs.end(), [](const auto& one, const auto& other) {
        return one.all_ms() < other.all_ms();
    });
}

}  // namespace bench

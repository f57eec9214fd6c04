#include "tools/endpoint/sound.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <random>

#include "common/invariant.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
}

namespace endpoint {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr double kAmplitude = 0.1;    // -20 dBFS: nine voices together stay below full scale
constexpr float kRoomNoise = 0.001F;  // -60 dBFS
constexpr std::array kFacts = {
    AudioCodecFacts{AudioCodec::Opus, "opus", "opus/48000/2", "opus", 96, 48000, 48000},
    AudioCodecFacts{AudioCodec::G722, "g722", "G722/8000", "G722", 9, 8000, 16000},
    AudioCodecFacts{AudioCodec::Pcmu, "pcmu", "PCMU/8000", "PCMU", 0, 8000, 8000},
    AudioCodecFacts{AudioCodec::Pcma, "pcma", "PCMA/8000", "PCMA", 8, 8000, 8000},
};

bool same_letters(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) ==
               std::tolower(static_cast<unsigned char>(y));
    });
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
using ContextPtr = std::unique_ptr<AVCodecContext, ContextDeleter>;
using FramePtr = std::unique_ptr<AVFrame, FrameDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, PacketDeleter>;

const AVCodec* find_encoder(AudioCodec codec) {
    switch (codec) {
        case AudioCodec::Opus:
            return avcodec_find_encoder_by_name("libopus");
        case AudioCodec::G722:
            return avcodec_find_encoder(AV_CODEC_ID_ADPCM_G722);
        case AudioCodec::Pcmu:
            return avcodec_find_encoder(AV_CODEC_ID_PCM_MULAW);
        default:
            return avcodec_find_encoder(AV_CODEC_ID_PCM_ALAW);
    }
}

const AVCodec* find_decoder(AudioCodec codec) {
    switch (codec) {
        case AudioCodec::Opus:
            return avcodec_find_decoder_by_name("libopus");
        case AudioCodec::G722:
            return avcodec_find_decoder(AV_CODEC_ID_ADPCM_G722);
        case AudioCodec::Pcmu:
            return avcodec_find_decoder(AV_CODEC_ID_PCM_MULAW);
        default:
            return avcodec_find_decoder(AV_CODEC_ID_PCM_ALAW);
    }
}

ContextPtr open_encoder(AudioCodec codec, SoundPattern pattern) {
    av_log_set_level(AV_LOG_FATAL);
    const AVCodec* encoder = find_encoder(codec);
    if (encoder == nullptr) return nullptr;
    ContextPtr context(avcodec_alloc_context3(encoder));
    context->sample_rate = facts_of(codec).sample_rate_hz;
    context->sample_fmt = AV_SAMPLE_FMT_S16;
    context->ch_layout = AV_CHANNEL_LAYOUT_MONO;
    context->time_base = {1, context->sample_rate};
    if (codec == AudioCodec::Opus) {
        context->bit_rate = 32000;
        av_opt_set(context->priv_data, "frame_duration", "20", 0);
        const bool speech = pattern == SoundPattern::Speech;
        av_opt_set(context->priv_data, "application", speech ? "voip" : "audio", 0);
        if (speech) {
            av_opt_set(context->priv_data, "fec", "1", 0);
            av_opt_set(context->priv_data, "packet_loss", "10", 0);
        }
    }
    if (codec == AudioCodec::G722) context->frame_size = context->sample_rate / 50;
    if (avcodec_open2(context.get(), encoder, nullptr) < 0) return nullptr;
    return context;
}

/// One pass of the loop through the encoder, `samples` taken from `first` on, round and round.
bool encode_loop(AVCodecContext& context, const std::vector<float>& samples, std::size_t first,
                 std::vector<std::vector<std::uint8_t>>& packets) {
    const FramePtr frame(av_frame_alloc());
    const PacketPtr packet(av_packet_alloc());
    const std::size_t per_packet = samples.size() / kLoopPackets;
    for (std::size_t n = 0; n < kLoopPackets; ++n) {
        av_frame_unref(frame.get());
        frame->format = AV_SAMPLE_FMT_S16;
        frame->nb_samples = static_cast<int>(per_packet);
        frame->sample_rate = context.sample_rate;
        frame->ch_layout = AV_CHANNEL_LAYOUT_MONO;
        if (av_frame_get_buffer(frame.get(), 0) < 0) return false;
        for (std::size_t i = 0; i < per_packet; ++i) {
            const float value = samples[(first + n * per_packet + i) % samples.size()];
            const auto whole = static_cast<std::int16_t>(std::lround(value * 32767));
            std::memcpy(frame->data[0] + 2 * i, &whole, 2);
        }
        if (avcodec_send_frame(&context, frame.get()) < 0) return false;
        if (avcodec_receive_packet(&context, packet.get()) < 0) return false;
        packets.emplace_back(packet->data, packet->data + packet->size);
        av_packet_unref(packet.get());
    }
    return true;
}

double envelope(SoundPattern pattern, double seconds, std::uint32_t identity) {
    const double since_burst = seconds - 0.02 * burst_packet(identity);
    switch (pattern) {
        case SoundPattern::Steady:
            return 1;
        case SoundPattern::Syllables:
            return 0.6 + 0.4 * std::sin(kTurn * 4 * seconds);
        case SoundPattern::Bursts:
            return since_burst >= 0 && since_burst < 0.02 * kPacketsPerBurst ? 1 : 0;
        case SoundPattern::Friendly:
            return 0.12 * (1 - std::cos(kTurn * 0.5 * seconds));
        case SoundPattern::Silent:
        case SoundPattern::Noise:
            return 0;
        case SoundPattern::Speech:
            return std::max(0.0, 0.3 + std::sin(kTurn * 3 * seconds));
    }
    return 0;
}

/// A low voice whose formant is the tone of its identity.
double voice(double hz, double seconds) {
    const double formant = std::round(hz / 150);
    // The loop of two seconds closes on whole turns.
    const double pitch = std::round(2 * hz / formant) / 2;
    double sum = 0;
    for (int k = 1; k <= 12; ++k) sum += std::sin(kTurn * pitch * k * seconds) / k;
    return 0.7 * sum + std::sin(kTurn * pitch * formant * seconds);
}

double tone_at(SoundPattern pattern, std::uint32_t identity, double seconds) {
    const double hz = tone_hz(identity);
    if (pattern == SoundPattern::Speech) return voice(hz, seconds);
    if (pattern != SoundPattern::Friendly) return std::sin(kTurn * hz * seconds);
    // A low note of the pentatonic scale, with its fifth.
    const double low = 2 * std::round(110 * std::pow(2.0, (identity * 7 % 12) / 12.0));
    return std::sin(kTurn * low * seconds) + 0.5 * std::sin(kTurn * 1.5 * low * seconds);
}

}  // namespace

std::span<const AudioCodecFacts> audio_codecs() {
    return kFacts;
}

const AudioCodecFacts& facts_of(AudioCodec codec) {
    return kFacts[static_cast<std::size_t>(codec)];
}

std::optional<AudioCodec> codec_by_option(std::string_view option) {
    for (const AudioCodecFacts& facts : kFacts) {
        if (same_letters(facts.option, option)) return facts.codec;
    }
    return std::nullopt;
}

std::optional<AudioCodec> codec_by_encoding(std::string_view encoding) {
    for (const AudioCodecFacts& facts : kFacts) {
        if (same_letters(facts.encoding, encoding)) return facts.codec;
    }
    return std::nullopt;
}

double tone_hz(std::uint32_t identity) {
    return 300 + 48.0 * (identity * 7 % 64);
}

int burst_packet(std::uint32_t identity) {
    return static_cast<int>(identity % 10) * 10;
}

std::vector<float> paint_sound(std::uint32_t identity, SoundPattern pattern, int sample_rate_hz) {
    std::vector<float> samples(static_cast<std::size_t>(2 * sample_rate_hz));
    if (pattern == SoundPattern::Noise) {
        std::minstd_rand random(identity + 1);
        std::normal_distribution<float> noise(0, kRoomNoise);
        for (float& sample : samples) sample = noise(random);
        return samples;
    }
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double t = static_cast<double>(i) / sample_rate_hz;
        samples[i] = static_cast<float>(kAmplitude * tone_at(pattern, identity, t) *
                                        envelope(pattern, t, identity));
    }
    return samples;
}

common::Result<SoundLoop> SoundLoop::make(std::uint32_t identity, SoundPattern pattern,
                                          AudioCodec codec) {
    const ContextPtr context = open_encoder(codec, pattern);
    if (!context) {
        return common::fail(common::ErrorCode::Unsupported,
                            std::string("libavcodec cannot encode ") + facts_of(codec).encoding);
    }
    const std::vector<float> samples =
        paint_sound(identity, pattern, facts_of(codec).sample_rate_hz);
    // The encoder's own delay is not the server's: we are that much ahead of ourselves.
    const auto ahead = static_cast<std::size_t>(std::max(0, context->initial_padding));
    SoundLoop loop;
    // The second time round the encoder remembers the end of the first: the loop has no seam.
    for (int pass = 0; pass < 2; ++pass) {
        loop.packets_.clear();
        if (!encode_loop(*context, samples, ahead, loop.packets_)) {
            return common::fail(common::ErrorCode::Internal, "encode a tone");
        }
    }
    return loop;
}

struct SoundDecoder::Impl {
    ContextPtr context;
    FramePtr frame;
    PacketPtr packet;
    std::vector<std::uint8_t> padded;
};

SoundDecoder::SoundDecoder(AudioCodec codec) : impl_(std::make_unique<Impl>()) {
    const AVCodec* decoder = find_decoder(codec);
    INVARIANT(decoder != nullptr);
    impl_->context.reset(avcodec_alloc_context3(decoder));
    impl_->context->sample_rate = facts_of(codec).sample_rate_hz;
    impl_->context->ch_layout = AV_CHANNEL_LAYOUT_MONO;
    impl_->context->request_sample_fmt = AV_SAMPLE_FMT_S16;
    impl_->frame.reset(av_frame_alloc());
    impl_->packet.reset(av_packet_alloc());
    INVARIANT(avcodec_open2(impl_->context.get(), decoder, nullptr) == 0);
}
SoundDecoder::~SoundDecoder() = default;
SoundDecoder::SoundDecoder(SoundDecoder&&) noexcept = default;

std::vector<float> SoundDecoder::decode(std::span<const std::uint8_t> payload) {
    std::vector<float> samples;
    impl_->padded.assign(payload.begin(), payload.end());
    impl_->padded.resize(payload.size() + AV_INPUT_BUFFER_PADDING_SIZE);
    impl_->packet->data = impl_->padded.data();
    impl_->packet->size = static_cast<int>(payload.size());
    if (avcodec_send_packet(impl_->context.get(), impl_->packet.get()) < 0) return samples;
    while (avcodec_receive_frame(impl_->context.get(), impl_->frame.get()) == 0) {
        const AVFrame& f = *impl_->frame;
        const auto channels = static_cast<std::size_t>(f.ch_layout.nb_channels);
        for (std::size_t i = 0; i < static_cast<std::size_t>(f.nb_samples); ++i) {
            float sum = 0;
            for (std::size_t c = 0; c < channels; ++c) {
                std::int16_t value = 0;
                std::memcpy(&value, f.data[0] + 2 * (i * channels + c), 2);
                sum += static_cast<float>(value) / 32768.0F;
            }
            samples.push_back(sum / static_cast<float>(channels));
        }
        av_frame_unref(impl_->frame.get());
    }
    return samples;
}

}  // namespace endpoint

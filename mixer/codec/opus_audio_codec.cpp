#include "mixer/codec/opus_audio_codec.h"

#include <opus.h>

#include <algorithm>
#include <array>
#include <string>

#include "common/invariant.h"
#include "mixer/audio/audio_frame.h"
#include "mixer/codec/opus_loudness.h"

namespace mixer {
namespace {

constexpr std::size_t kMaxPacketSamples = 5760;  // 120 ms, RFC 6716 2
constexpr std::size_t kConcealStep = 120;        // libopus conceals in multiples of 2.5 ms
constexpr std::size_t kMaxPayloadBytes = 1275;
// RFC 6716 4.2.3: in DTX the encoder returns at most the TOC byte and one more.
constexpr int kDtxBytes = 2;
// Without the tonality analysis (complexity 7 and up) a mixed voice costs less and sounds alike;
// but libopus 1.3 has DTX outside SILK only by that analysis.
constexpr int kComplexity = 5;
constexpr int kComplexityForDtx = 7;

struct DestroyDecoder {
    void operator()(OpusDecoder* decoder) const { opus_decoder_destroy(decoder); }
};
struct DestroyEncoder {
    void operator()(OpusEncoder* encoder) const { opus_encoder_destroy(encoder); }
};

std::size_t samples_or_none(int result) {
    return result > 0 ? static_cast<std::size_t>(result) : 0;
}

class OpusAudioDecoder final : public AudioDecoder {
  public:
    explicit OpusAudioDecoder(OpusDecoder* decoder) : decoder_(decoder) {}

    std::size_t decode(std::span<const std::uint8_t> payload, std::span<float> out) override {
        if (payload.empty()) return 0;  // libopus would take that for a loss
        return run(payload, std::min(out.size(), kMaxPacketSamples), out, 0);
    }

    std::size_t decode_fec(std::span<const std::uint8_t> next, std::size_t lost_samples,
                           std::span<float> out) override {
        if (!carries_fec(next)) return conceal(lost_samples, out);
        const std::size_t got = run(next, whole_steps(lost_samples, out), out, 1);
        return got != 0 ? got : conceal(lost_samples, out);
    }

    // RFC 6716 4.2.3 and 4.2.4: SILK frames begin with one VAD bit per 20 ms, then the LBRR bit,
    // each of even probability and so plain bits at the start of the first frame.
    bool carries_fec(std::span<const std::uint8_t> next) const override {
        if (next.empty() || (next[0] & 0x80) != 0) return false;  // CELT only
        const unsigned char* frames[48];
        opus_int16 sizes[48];
        if (opus_packet_parse(next.data(), static_cast<opus_int32>(next.size()), nullptr, frames,
                              sizes, nullptr) <= 0 ||
            sizes[0] < 1) {
            return false;
        }
        const int frame_samples = opus_packet_get_samples_per_frame(next.data(), kSampleRateHz);
        const int silk_frames = std::max(1, frame_samples / 960);
        return ((frames[0][0] >> (7 - silk_frames)) & 1) != 0;
    }

    std::size_t conceal(std::size_t samples, std::span<float> out) override {
        return run({}, whole_steps(samples, out), out, 0);
    }

    std::size_t packet_samples(std::span<const std::uint8_t> payload) const override {
        if (payload.empty()) return 0;
        return samples_or_none(opus_packet_get_nb_samples(
            payload.data(), static_cast<opus_int32>(payload.size()), kSampleRateHz));
    }

    std::optional<float> glance_dbfs(std::span<const std::uint8_t> payload) override {
        return loudness_.read(payload);
    }

    void reset() override {
        opus_decoder_ctl(decoder_.get(), OPUS_RESET_STATE);
        loudness_.reset();
    }

  private:
    static std::size_t whole_steps(std::size_t samples, std::span<const float> out) {
        const std::size_t room = std::min(out.size(), kMaxPacketSamples);
        const std::size_t up = (samples + kConcealStep - 1) / kConcealStep * kConcealStep;
        return std::min(up, room / kConcealStep * kConcealStep);
    }

    std::size_t run(std::span<const std::uint8_t> payload, std::size_t samples,
                    std::span<float> out, int fec) {
        if (samples == 0) return 0;
        return samples_or_none(opus_decode_float(
            decoder_.get(), payload.empty() ? nullptr : payload.data(),
            static_cast<opus_int32>(payload.size()), out.data(), static_cast<int>(samples), fec));
    }

    std::unique_ptr<OpusDecoder, DestroyDecoder> decoder_;
    OpusLoudness loudness_;
};

class OpusAudioEncoder final : public AudioEncoder {
  public:
    OpusAudioEncoder(OpusEncoder* encoder, bool dtx) : encoder_(encoder), dtx_(dtx) {}

    std::size_t encode(std::span<const float> tick, std::span<std::uint8_t> out) override {
        INVARIANT(tick.size() == kTickSamples && out.size() >= kMaxPayloadBytes);
        const int bytes =
            opus_encode_float(encoder_.get(), tick.data(), static_cast<int>(tick.size()),
                              out.data(), static_cast<opus_int32>(kMaxPayloadBytes));
        set_prediction(true);
        if (bytes <= 0 || (dtx_ && bytes <= kDtxBytes)) return 0;
        return static_cast<std::size_t>(bytes);
    }

    void prepare_switch() override { set_prediction(false); }

    // A frame overlaps the one before it, and begins 6.5 ms before the tick it is made of: coding
    // the previous tick again, for nobody, fills both with what the listener's decoder has heard.
    void continue_from(const AudioEncoder& /*from*/,
                       std::span<const float> previous_tick) override {
        opus_encoder_ctl(encoder_.get(), OPUS_RESET_STATE);
        std::array<std::uint8_t, kMaxPayloadBytes> unheard;
        encode(previous_tick, unheard);
        prepare_switch();
    }

    void expect_loss(int percent) override {
        opus_encoder_ctl(encoder_.get(), OPUS_SET_PACKET_LOSS_PERC(std::clamp(percent, 0, 100)));
    }

    int equal_ticks_before_switch() const override { return 2; }

  private:
    void set_prediction(bool on) {
        if (on == prediction_) return;
        prediction_ = on;
        opus_encoder_ctl(encoder_.get(), OPUS_SET_PREDICTION_DISABLED(on ? 0 : 1));
    }

    std::unique_ptr<OpusEncoder, DestroyEncoder> encoder_;
    bool dtx_;
    bool prediction_ = true;
};

}  // namespace

common::Result<std::unique_ptr<AudioDecoder>> make_opus_decoder() {
    int error = OPUS_OK;
    OpusDecoder* decoder = opus_decoder_create(kSampleRateHz, 1, &error);
    if (decoder == nullptr) {
        return common::fail(common::ErrorCode::Internal,
                            std::string("make an Opus decoder: ") + opus_strerror(error));
    }
    return std::make_unique<OpusAudioDecoder>(decoder);
}

common::Result<std::unique_ptr<AudioEncoder>> make_opus_encoder(const AudioFormat& format) {
    int error = OPUS_OK;
    OpusEncoder* encoder = opus_encoder_create(kSampleRateHz, 1, OPUS_APPLICATION_AUDIO, &error);
    if (encoder == nullptr) {
        return common::fail(common::ErrorCode::Internal,
                            std::string("make an Opus encoder: ") + opus_strerror(error));
    }
    auto made = std::make_unique<OpusAudioEncoder>(encoder, format.dtx);
    const auto bitrate = static_cast<opus_int32>(
        std::clamp<std::int64_t>(format.bitrate.bps(), 6'000, 510'000));  // RFC 7587 6.1
    const bool set =
        opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bitrate)) == OPUS_OK &&
        opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(format.dtx ? kComplexityForDtx
                                                                 : kComplexity)) == OPUS_OK &&
        opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(format.inband_fec ? 1 : 0)) == OPUS_OK &&
        opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(std::clamp(format.expected_loss_percent,
                                                                       0, 100))) == OPUS_OK &&
        opus_encoder_ctl(encoder, OPUS_SET_DTX(format.dtx ? 1 : 0)) == OPUS_OK;
    if (!set) {
        return common::fail(common::ErrorCode::Unsupported,
                            "make an Opus encoder: libopus refused the format");
    }
    return made;
}

}  // namespace mixer

#include "mixer/codec/telephone_audio_codec.h"

#include <spandsp.h>
#include <spandsp/expose.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "common/invariant.h"
#include "mixer/audio/audio_frame.h"
#include "mixer/codec/resampler.h"

namespace mixer {
namespace {

constexpr int kMaxPacketMs = 120;
constexpr std::size_t kMaxNarrowSamples = 16 * kMaxPacketMs;
constexpr std::size_t kMaxPacketBytes = 8 * kMaxPacketMs;  // all three code 8 bytes a millisecond
constexpr std::size_t kConcealStep = 120;                  // 2.5 ms at 48 kHz, as Opus has it

/// What differs between the two laws of G.711: spandsp's state is only the choice of law.
template <int kLaw>
struct G711 {
    static constexpr int kRateHz = 8000;
    static constexpr int kEqualTicks = 1;  // memoryless but for the resampler before it
    struct Decoder {
        g711_state_t state{};
        Decoder() { reset(); }
        void reset() { g711_init(&state, kLaw); }
        int run(std::int16_t* out, const std::uint8_t* in, int bytes) {
            return g711_decode(&state, out, in, bytes);
        }
    };
    struct Encoder {
        g711_state_t state{};
        Encoder() { g711_init(&state, kLaw); }
        int run(std::uint8_t* out, const std::int16_t* in, int samples) {
            return g711_encode(&state, out, in, samples);
        }
    };
};

struct G722 {
    static constexpr int kRateHz = 16000;
    // ADPCM: the leak in both predictors forgets a difference of state in about 100 ms.
    static constexpr int kEqualTicks = 5;
    struct Decoder {
        g722_decode_state_t state{};
        Decoder() { reset(); }
        void reset() { g722_decode_init(&state, 64000, 0); }
        int run(std::int16_t* out, const std::uint8_t* in, int bytes) {
            return g722_decode(&state, out, in, bytes);
        }
    };
    struct Encoder {
        g722_encode_state_t state{};
        Encoder() { g722_encode_init(&state, 64000, 0); }
        int run(std::uint8_t* out, const std::int16_t* in, int samples) {
            return g722_encode(&state, out, in, samples);
        }
    };
};

template <typename Codec>
class TelephoneDecoder final : public AudioDecoder {
  public:
    explicit TelephoneDecoder(Resampler resampler) : resampler_(std::move(resampler)) {
        plc_init(&plc_);
    }

    std::size_t decode(std::span<const std::uint8_t> payload, std::span<float> out) override {
        if (payload.empty() || payload.size() > kMaxPacketBytes) return 0;
        const int samples =
            decoder_.run(narrow_.data(), payload.data(), static_cast<int>(payload.size()));
        plc_rx(&plc_, narrow_.data(), samples);  // blends in after a concealed gap
        return widen(static_cast<std::size_t>(samples), out);
    }

    std::size_t decode_fec(std::span<const std::uint8_t> /*next*/, std::size_t lost_samples,
                           std::span<float> out) override {
        return conceal(lost_samples, out);
    }

    bool carries_fec(std::span<const std::uint8_t> /*next*/) const override { return false; }

    std::size_t conceal(std::size_t samples, std::span<float> out) override {
        const std::size_t up = (samples + kConcealStep - 1) / kConcealStep * kConcealStep;
        const std::size_t narrow =
            std::min({up, out.size() / kConcealStep * kConcealStep, kMaxNarrowSamples * kRatio}) /
            kRatio;
        plc_fillin(&plc_, narrow_.data(), static_cast<int>(narrow));
        return widen(narrow, out);
    }

    std::size_t packet_samples(std::span<const std::uint8_t> payload) const override {
        if (payload.size() > kMaxPacketBytes) return 0;
        return payload.size() * (kSampleRateHz / 8000);
    }

    void reset() override {
        decoder_.reset();
        plc_init(&plc_);
        resampler_.reset();
    }

  private:
    static constexpr std::size_t kRatio = kSampleRateHz / Codec::kRateHz;

    std::size_t widen(std::size_t samples, std::span<float> out) {
        for (std::size_t i = 0; i < samples; ++i) {
            narrow_float_[i] = static_cast<float>(narrow_[i]) / 32768.0F;
        }
        return resampler_.process(std::span(narrow_float_).first(samples), out);
    }

    typename Codec::Decoder decoder_;
    plc_state_t plc_{};
    Resampler resampler_;
    std::array<std::int16_t, kMaxNarrowSamples> narrow_{};
    std::array<float, kMaxNarrowSamples> narrow_float_{};
};

template <typename Codec>
class TelephoneEncoder final : public AudioEncoder {
  public:
    explicit TelephoneEncoder(Resampler resampler) : resampler_(std::move(resampler)) {}

    std::size_t encode(std::span<const float> tick, std::span<std::uint8_t> out) override {
        INVARIANT(tick.size() == kTickSamples);
        const std::size_t samples = narrow(tick);
        for (std::size_t i = 0; i < samples; ++i) {
            const float scaled = std::clamp(narrow_float_[i] * 32768.0F, -32768.0F, 32767.0F);
            narrow_[i] = static_cast<std::int16_t>(std::round(scaled));
        }
        return static_cast<std::size_t>(
            encoder_.run(out.data(), narrow_.data(), static_cast<int>(samples)));
    }

    void prepare_switch() override {}

    void continue_from(const AudioEncoder& from, std::span<const float> previous_tick) override {
        encoder_ = static_cast<const TelephoneEncoder&>(from).encoder_;
        resampler_.reset();
        narrow(previous_tick);  // longer than the resampler's filter: its state is now the same
    }

    void expect_loss(int /*percent*/) override {}

    int equal_ticks_before_switch() const override { return Codec::kEqualTicks; }

  private:
    static constexpr std::size_t kTickNarrow =
        kTickSamples * Codec::kRateHz / static_cast<std::size_t>(kSampleRateHz);

    std::size_t narrow(std::span<const float> tick) {
        return resampler_.process(tick, narrow_float_);
    }

    typename Codec::Encoder encoder_;
    Resampler resampler_;
    std::array<std::int16_t, kTickNarrow> narrow_{};
    std::array<float, kTickNarrow> narrow_float_{};
};

template <typename Codec>
common::Result<std::unique_ptr<AudioDecoder>> decoder_of() {
    auto resampler = Resampler::create(Codec::kRateHz, kSampleRateHz);
    if (!resampler) return common::fail_in("make a decoder", resampler.error());
    return std::make_unique<TelephoneDecoder<Codec>>(std::move(*resampler));
}

template <typename Codec>
common::Result<std::unique_ptr<AudioEncoder>> encoder_of() {
    auto resampler = Resampler::create(kSampleRateHz, Codec::kRateHz);
    if (!resampler) return common::fail_in("make an encoder", resampler.error());
    return std::make_unique<TelephoneEncoder<Codec>>(std::move(*resampler));
}

}  // namespace

common::Result<std::unique_ptr<AudioDecoder>> make_telephone_decoder(common::AudioCodec codec) {
    switch (codec) {
        case common::AudioCodec::G722:
            return decoder_of<G722>();
        case common::AudioCodec::Pcmu:
            return decoder_of<G711<G711_ULAW>>();
        case common::AudioCodec::Pcma:
            return decoder_of<G711<G711_ALAW>>();
        case common::AudioCodec::Opus:
            break;
    }
    return common::fail(common::ErrorCode::Unsupported, "not a telephone codec");
}

common::Result<std::unique_ptr<AudioEncoder>> make_telephone_encoder(common::AudioCodec codec) {
    switch (codec) {
        case common::AudioCodec::G722:
            return encoder_of<G722>();
        case common::AudioCodec::Pcmu:
            return encoder_of<G711<G711_ULAW>>();
        case common::AudioCodec::Pcma:
            return encoder_of<G711<G711_ALAW>>();
        case common::AudioCodec::Opus:
            break;
    }
    return common::fail(common::ErrorCode::Unsupported, "not a telephone codec");
}

}  // namespace mixer

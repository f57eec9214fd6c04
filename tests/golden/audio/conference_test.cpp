#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "mixer/audio/audio_mixer.h"
#include "mixer/audio/audio_playout.h"
#include "mixer/encode/audio_encode_stage.h"
#include "tests/support/goertzel.h"
#include "tests/support/tone_source.h"

using common::AudioCodec;
using common::SourceId;
using namespace std::chrono_literals;

namespace {

/// Somebody far away: hums in one codec into a playout, and decodes what comes back.
class Caller final : public mixer::AudioSink {
  public:
    Caller(AudioCodec codec, double hz, double amplitude) : hz_(hz), amplitude_(amplitude) {
        packet_.codec = codec;
        encoder_ = *mixer::make_audio_encoder({.codec = codec});
        decoder_ = *mixer::make_audio_decoder(codec);
        playout = *mixer::AudioPlayout::create({}, std::array{codec});
    }
    void speak(common::Timestamp now) {
        std::array<std::uint8_t, 1275> payload{};
        const auto tick = tests::sine(hz_, amplitude_, 960, position_);
        position_ += 960;
        const std::size_t bytes = encoder_->encode(tick, payload);
        packet_.payload = std::span(payload).first(bytes);
        packet_.arrival = now;
        playout->push(packet_);
        ++packet_.sequence;
        packet_.rtp_time += static_cast<std::uint32_t>(mixer::rtp_clock_hz(packet_.codec) / 50);
    }
    void on_audio(std::span<const std::uint8_t> payload, common::Timestamp) override {
        std::array<float, 5760> out{};
        const std::size_t count = decoder_->decode(payload, out);
        heard.insert(heard.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count));
    }
    std::unique_ptr<mixer::AudioPlayout> playout;
    std::vector<float> heard;

  private:
    const double hz_, amplitude_;
    std::uint64_t position_ = 0;
    mixer::AudioPacket packet_;
    std::unique_ptr<mixer::AudioEncoder> encoder_;
    std::unique_ptr<mixer::AudioDecoder> decoder_;
};

struct Call {
    void join(AudioCodec codec, double hz, double amplitude) {
        callers.push_back(std::make_unique<Caller>(codec, hz, amplitude));
        const SourceId id{callers.size()};
        REQUIRE(mixer.add_source(id, *callers.back()->playout));
        REQUIRE(stage.add_listener(id, {.codec = codec}, *callers.back()));
    }
    void run(int ticks) {
        for (int i = 0; i < ticks; ++i) {
            for (auto& caller : callers) caller->speak(now + 8ms);
            now += mixer::kAudioTick;
            stage.tick(mixer.tick(now), now);
        }
    }
    mixer::AudioMixer mixer;
    mixer::AudioEncodeStage stage;
    std::vector<std::unique_ptr<Caller>> callers;
    common::Timestamp now = common::Timestamp::from_ns(1'000'000'000);
};

}  // namespace

TEST_CASE(
    "Three callers with three codecs hear the two others at their level, and not themselves") {
    constexpr std::array tones{300.0, 440.0, 700.0};
    Call call;
    call.join(AudioCodec::Opus, tones[0], 0.1);
    call.join(AudioCodec::G722, tones[1], 0.2);
    call.join(AudioCodec::Pcmu, tones[2], 0.15);

    call.run(150);

    constexpr std::array level{0.1, 0.2, 0.15};
    for (std::size_t listener = 0; listener < 3; ++listener) {
        CAPTURE(listener);
        const auto heard = std::span(call.callers[listener]->heard).last(48000);
        const std::size_t a = (listener + 1) % 3, b = (listener + 2) % 3;
        CHECK(tests::tone_amplitude(heard, tones[listener]) < 0.001);
        CHECK(tests::tone_amplitude(heard, tones[a]) == Approx(level[a]).epsilon(0.06));
        CHECK(tests::tone_amplitude(heard, tones[b]) == Approx(level[b]).epsilon(0.06));
        CHECK(tests::tones_snr_db(heard, std::array{tones[a], tones[b]}) > 20);
    }
}

TEST_CASE("Eight callers at full scale: nobody is sent a sample beyond it, and all are heard") {
    Call call;
    for (int i = 0; i < 8; ++i) call.join(AudioCodec::Pcma, 300 + 50 * i, 1);

    call.run(150);

    for (const auto& caller : call.callers) {
        CHECK(tests::peak(caller->heard) <= 1);
    }
    const auto first = std::span(call.callers[0]->heard).last(48000);
    for (int i = 1; i < 8; ++i) CHECK(tests::tone_amplitude(first, 300 + 50 * i) > 0.05);
}

TEST_CASE(
    "From a caller's packet to the others' packet a sound takes its playout delay, one tick") {
    Call call;
    call.join(AudioCodec::Pcma, 400, 0.2);
    call.join(AudioCodec::Pcma, 500, 0);

    call.run(10);

    // Pushed 12 ms before the tick: due at once, and in that tick's packet.
    CHECK(call.callers[0]->playout->counters().delay == 12ms);
    const auto& heard = call.callers[1]->heard;
    CHECK(tests::rms_dbfs(std::span(heard).subspan(960, 960)) > -30);
}

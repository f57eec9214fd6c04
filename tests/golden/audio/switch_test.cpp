#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "mixer/audio/audio_mixer.h"
#include "mixer/encode/audio_encode_stage.h"
#include "tests/support/goertzel.h"
#include "tests/support/tone_source.h"

using common::AudioCodec;
using common::SourceId;
using tests::ToneSource;

namespace {

/// A session whose peer decodes at once.
class Ear final : public mixer::AudioSink {
  public:
    explicit Ear(AudioCodec codec) {
        auto made = mixer::make_audio_decoder(codec);
        REQUIRE(made);
        decoder_ = std::move(*made);
    }
    void on_audio(std::span<const std::uint8_t> payload, common::Timestamp) override {
        std::array<float, 5760> out{};
        const std::size_t count =
            payload.empty() ? decoder_->conceal(960, out) : decoder_->decode(payload, out);
        heard.insert(heard.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count));
    }
    std::vector<float> heard;

  private:
    std::unique_ptr<mixer::AudioDecoder> decoder_;
};

/// What the listener hears of one who hums 317 Hz, while the listener itself hums 213 Hz in bursts,
/// or keeps silent; another listener of the same format stays at the shared encoder. (No multiples
/// of 50 Hz: each switch meets another phase.)
struct Hearing {
    std::vector<float> of_listener, of_other;
    std::uint64_t switches = 0;
};

Hearing hear(AudioCodec codec, bool bursts, bool with_other = true) {
    mixer::AudioMixer mixer;
    mixer::AudioEncodeStage stage;
    ToneSource hum(317, 0.1), own(213, 0), other(500, 0);
    Ear ear(codec), other_ear(codec);
    REQUIRE(mixer.add_source(SourceId{1}, hum));
    REQUIRE(mixer.add_source(SourceId{2}, own));
    REQUIRE(mixer.add_source(SourceId{3}, other));
    REQUIRE(stage.add_listener(SourceId{2}, {.codec = codec}, ear));
    if (with_other) REQUIRE(stage.add_listener(SourceId{3}, {.codec = codec}, other_ear));

    auto now = common::Timestamp::from_ns(1'000'000'000);
    for (int tick = 0; tick < 600; ++tick) {
        if (bursts && tick % 100 == 50) own.set_amplitude(0.1);
        if (bursts && tick % 100 == 60 + tick / 100) own.set_amplitude(0);
        now += mixer::kAudioTick;
        stage.tick(mixer.tick(now), now);
    }
    return {ear.heard, other_ear.heard, stage.counters().switches};
}

}  // namespace

TEST_CASE("Moving between the shared and the own encoder makes no click above -50 dBFS") {
    for (const AudioCodec codec :
         {AudioCodec::Opus, AudioCodec::G722, AudioCodec::Pcmu, AudioCodec::Pcma}) {
        for (const bool with_other : {true, false}) {
            CAPTURE(static_cast<int>(codec), with_other);

            const Hearing still = hear(codec, false, with_other);
            const Hearing moved = hear(codec, true, with_other);

            REQUIRE(moved.switches == 12);
            // What a codec adds to a steady tone is no click; a click stands above it.
            const double click = tests::loudest_click_dbfs(moved.of_listener, 1500);
            CAPTURE(click, tests::loudest_click_dbfs(still.of_listener, 1500));
            CHECK(click < -50);
            // Its own voice is in nothing it hears.
            const auto middle = std::span(moved.of_listener).subspan(48000, 480000);
            CHECK(tests::tone_amplitude(middle, 213) < 0.001);
            CHECK(tests::tone_amplitude(middle, 317) == Approx(0.1).margin(0.005));
        }
    }
}

/// What a listener hears whose protection against loss changes once a second, while another's is
/// for 5 %: it comes to an encoder that runs, and to one that begins.
Hearing hear_with_fec(bool changes, bool hums, common::Bitrate bitrate) {
    mixer::AudioMixer mixer;
    mixer::AudioEncodeStage stage;
    ToneSource hum(317, 0.1), own(213, hums ? 0.05 : 0), other(500, 0);
    Ear ear(AudioCodec::Opus), other_ear(AudioCodec::Opus);
    mixer::AudioFormat format{.codec = AudioCodec::Opus, .bitrate = bitrate, .inband_fec = true};
    REQUIRE(mixer.add_source(SourceId{1}, hum));
    REQUIRE(mixer.add_source(SourceId{2}, own));
    REQUIRE(mixer.add_source(SourceId{3}, other));
    REQUIRE(stage.add_listener(SourceId{2}, format, ear));
    format.expected_loss_percent = 5;
    REQUIRE(stage.add_listener(SourceId{3}, format, other_ear));

    constexpr std::array kPercents{5, 20, 0, 10, 5, 0};
    auto now = common::Timestamp::from_ns(1'000'000'000);
    for (int tick = 0; tick < 600; ++tick) {
        const auto second = static_cast<std::size_t>(tick / 100);
        if (changes && tick % 100 == 50 + tick / 100)
            REQUIRE(stage.set_expected_loss(SourceId{2}, kPercents.at(second)));
        now += mixer::kAudioTick;
        stage.tick(mixer.tick(now), now);
    }
    return {ear.heard, other_ear.heard, stage.counters().switches};
}

TEST_CASE("Another protection against loss makes no click above -50 dBFS") {
    const auto bitrate = common::Bitrate::from_kbps(GENERATE(48, 20));
    for (const bool hums : {false, true}) {
        CAPTURE(bitrate.bps(), hums);
        const Hearing still = hear_with_fec(false, hums, bitrate);
        const Hearing changed = hear_with_fec(true, hums, bitrate);

        // Its own encoder, while it hums, changes where it is.
        CHECK(changed.switches == (hums ? 0 : 6));
        const double click = tests::loudest_click_dbfs(changed.of_listener, 1500);
        CAPTURE(click, tests::loudest_click_dbfs(still.of_listener, 1500));
        CHECK(click < -50);
        CHECK(tests::loudest_click_dbfs(changed.of_other, 1500) < -50);
        const auto middle = std::span(changed.of_listener).subspan(48000, 480000);
        CHECK(tests::tone_amplitude(middle, 317) == Approx(0.1).margin(0.005));
    }
}

TEST_CASE("Those who stay at the shared encoder hear no click when somebody else moves") {
    for (const AudioCodec codec :
         {AudioCodec::Opus, AudioCodec::G722, AudioCodec::Pcmu, AudioCodec::Pcma}) {
        CAPTURE(static_cast<int>(codec));

        const Hearing moved = hear(codec, true);

        CHECK(tests::loudest_click_dbfs(moved.of_other, 1500) < -50);
        CHECK(moved.of_other.size() == 600 * 960);
    }
}

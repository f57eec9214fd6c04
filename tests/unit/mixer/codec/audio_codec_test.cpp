#include "mixer/codec/audio_codec.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "mixer/audio/audio_frame.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/goertzel.h"
#include "tests/support/tone_source.h"

using common::AudioCodec;
using mixer::AudioFormat;
using mixer::kTickSamples;

namespace {

constexpr std::array kAllCodecs{AudioCodec::Opus, AudioCodec::G722, AudioCodec::Pcmu,
                                AudioCodec::Pcma};

using Payload = std::vector<std::uint8_t>;

std::unique_ptr<mixer::AudioEncoder> encoder_for(const AudioFormat& format) {
    auto encoder = mixer::make_audio_encoder(format);
    REQUIRE(encoder);
    return std::move(*encoder);
}

std::unique_ptr<mixer::AudioDecoder> decoder_for(AudioCodec codec) {
    auto decoder = mixer::make_audio_decoder(codec);
    REQUIRE(decoder);
    return std::move(*decoder);
}

Payload encode_tick(mixer::AudioEncoder& encoder, std::span<const float> tick) {
    Payload payload(1275);
    payload.resize(encoder.encode(tick, payload));
    return payload;
}

std::vector<Payload> encode_all(const AudioFormat& format, std::span<const float> sound) {
    auto encoder = encoder_for(format);
    std::vector<Payload> payloads;
    for (; sound.size() >= kTickSamples; sound = sound.subspan(kTickSamples)) {
        payloads.push_back(encode_tick(*encoder, sound.first(kTickSamples)));
    }
    return payloads;
}

/// Something a speech codec takes for speech: a 120 Hz buzz, opening and closing four times a
/// second.
std::vector<float> syllables(std::size_t ticks) {
    std::vector<float> sound(ticks * kTickSamples);
    const auto mouth = tests::sine(2, 1, sound.size());
    for (std::size_t harmonic = 1; harmonic <= 20; ++harmonic) {
        const auto part = tests::sine(120.0 * static_cast<double>(harmonic), 0.06, sound.size());
        for (std::size_t i = 0; i < sound.size(); ++i) sound[i] += part[i] * mouth[i] * mouth[i];
    }
    return sound;
}

void append(std::vector<float>& heard, std::span<const float> samples, std::size_t count) {
    heard.insert(heard.end(), samples.begin(),
                 samples.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

TEST_CASE("A tone passes every codec at its level") {
    for (const AudioCodec codec : kAllCodecs) {
        CAPTURE(static_cast<int>(codec));
        const auto payloads = encode_all({.codec = codec}, tests::sine(440, 0.25, 50 * 960));
        auto decoder = decoder_for(codec);
        std::vector<float> heard, out(5760);

        for (const Payload& payload : payloads) append(heard, out, decoder->decode(payload, out));

        REQUIRE(heard.size() == 50 * kTickSamples);
        const auto steady = std::span(heard).last(19200);
        CHECK(tests::tone_amplitude(steady, 440) == Approx(0.25).margin(0.015));
        CHECK(tests::tones_snr_db(steady, std::array{440.0}) > 25);
    }
}

TEST_CASE("G.722 carries what G.711 cannot: a tone of 6 kHz") {
    std::vector<float> out(5760), wide, narrow;
    auto g722 = decoder_for(AudioCodec::G722);
    auto pcma = decoder_for(AudioCodec::Pcma);
    const auto sound = tests::sine(6000, 0.25, 30 * 960);

    for (const Payload& payload : encode_all({.codec = AudioCodec::G722}, sound))
        append(wide, out, g722->decode(payload, out));
    for (const Payload& payload : encode_all({.codec = AudioCodec::Pcma}, sound))
        append(narrow, out, pcma->decode(payload, out));

    CHECK(tests::tone_amplitude(std::span(wide).last(9600), 6000) > 0.2);
    CHECK(tests::peak(std::span(narrow).last(9600)) < 0.01);
}

TEST_CASE("A packet tells its length without being decoded") {
    CHECK(decoder_for(AudioCodec::Pcmu)->packet_samples(Payload(80)) == 480);
    CHECK(decoder_for(AudioCodec::G722)->packet_samples(Payload(480)) == 2880);
    const auto opus = encode_all({}, tests::sine(440, 0.25, 960));
    CHECK(decoder_for(AudioCodec::Opus)->packet_samples(opus[0]) == 960);
    CHECK(decoder_for(AudioCodec::Opus)->packet_samples({}) == 0);
}

TEST_CASE("A payload that is no packet decodes to nothing and leaves the decoder well") {
    std::mt19937 random(7);
    for (const AudioCodec codec : kAllCodecs) {
        CAPTURE(static_cast<int>(codec));
        auto decoder = decoder_for(codec);
        std::vector<float> out(5760);

        CHECK(decoder->decode({}, out) == 0);
        CHECK(decoder->decode(Payload(1500, 0xff), out) <= out.size());
        for (int i = 0; i < 500; ++i) {
            Payload noise(random() % 1500);
            for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
            CHECK(decoder->decode(noise, out) <= out.size());
            CHECK(decoder->decode_fec(noise, 960, out) <= out.size());
            CHECK(decoder->packet_samples(noise) <= out.size());
        }
        decoder->reset();
        std::vector<float> heard;
        for (const Payload& payload :
             encode_all({.codec = codec}, tests::sine(440, 0.25, 30 * 960)))
            append(heard, out, decoder->decode(payload, out));
        CHECK(tests::tone_amplitude(std::span(heard).last(9600), 440) > 0.2);
    }
}

TEST_CASE("Concealment goes on with a tone and dies away in a long gap") {
    for (const AudioCodec codec : kAllCodecs) {
        CAPTURE(static_cast<int>(codec));
        auto decoder = decoder_for(codec);
        std::vector<float> out(5760);
        for (const Payload& payload :
             encode_all({.codec = codec}, tests::sine(200, 0.25, 30 * 960)))
            decoder->decode(payload, out);

        REQUIRE(decoder->conceal(480, out) == 480);
        CHECK(tests::rms_dbfs(std::span(out).first(480)) > -25);
        for (int tick = 0; tick < 100; ++tick) REQUIRE(decoder->conceal(960, out) == 960);
        const double quiet_dbfs = codec == AudioCodec::Opus ? -30 : -90;
        CHECK(tests::rms_dbfs(std::span(out).first(960)) < quiet_dbfs);
    }
}

TEST_CASE("Opus repairs a lost packet from the next one's forward error correction") {
    const AudioFormat format{
        .bitrate = common::Bitrate::from_kbps(32), .inband_fec = true, .expected_loss_percent = 20};
    const std::vector<float> sound = syllables(60);
    const auto payloads = encode_all(format, sound);
    auto decoder = decoder_for(AudioCodec::Opus);
    std::vector<float> out(5760);
    int carried = 0;
    double carried_dbfs = -127;

    for (std::size_t i = 0; i + 1 < payloads.size(); ++i) {
        if (i % 10 == 9) {
            carried += decoder->carries_fec(payloads[i + 1]) ? 1 : 0;
            CHECK(decoder->decode_fec(payloads[i + 1], 960, out) == 960);
            carried_dbfs = std::max(carried_dbfs, tests::rms_dbfs(std::span(out).first(960)));
        } else {
            decoder->decode(payloads[i], out);
        }
    }
    CHECK(carried >= 4);
    CHECK(carried_dbfs > -25);
    CHECK_FALSE(decoder->carries_fec(encode_all({}, sound)[5]));
}

TEST_CASE("Opus carries forward error correction at every bitrate from 10 % expected loss on") {
    const std::vector<float> sound = syllables(60);
    for (const int kbps : {24, 32, 64}) {
        CAPTURE(kbps);
        const auto payloads = encode_all({.bitrate = common::Bitrate::from_kbps(kbps),
                                          .inband_fec = true,
                                          .expected_loss_percent = 10},
                                         sound);
        const auto decoder = decoder_for(AudioCodec::Opus);

        const auto carrying = std::ranges::count_if(
            payloads, [&](const Payload& payload) { return decoder->carries_fec(payload); });

        CHECK(carrying > 30);
    }
}

TEST_CASE("Opus with DTX sends next to nothing in silence, and without it always sends") {
    const std::vector<float> silence(100 * kTickSamples);
    std::size_t with = 0, without = 0;

    for (const Payload& payload : encode_all({.dtx = true}, silence))
        with += payload.empty() ? 0 : 1;
    for (const Payload& payload : encode_all({}, silence)) without += payload.empty() ? 0 : 1;

    CHECK(with < 40);
    CHECK(without == 100);
}

TEST_CASE("An encoder that continues another's stream makes no click") {
    for (const AudioCodec codec : kAllCodecs) {
        CAPTURE(static_cast<int>(codec));
        auto first = encoder_for({.codec = codec});
        auto second = encoder_for({.codec = codec});
        auto decoder = decoder_for(codec);
        const auto sound = tests::sine(300, 0.1, 100 * 960);
        std::vector<float> heard, out(5760);

        for (std::size_t i = 0; i < 100; ++i) {
            const auto tick = std::span(sound).subspan(i * 960, 960);
            if (i == 50)
                second->continue_from(*first, std::span(sound).subspan((i - 1) * 960, 960));
            append(heard, out, decoder->decode(encode_tick(i < 50 ? *first : *second, tick), out));
        }

        const auto around = std::span(heard).subspan(45 * 960, 10 * 960);
        CHECK(tests::loudest_click_dbfs(around, 2500) < -50);
    }
}

TEST_CASE("Codecs allocate nothing once made") {
    for (const AudioCodec codec : kAllCodecs) {
        CAPTURE(static_cast<int>(codec));
        auto encoder = encoder_for({.codec = codec});
        auto other = encoder_for({.codec = codec});
        auto decoder = decoder_for(codec);
        const auto sound = tests::sine(300, 0.1, 960);
        std::vector<float> out(5760);
        Payload payload(1275);

        tests::AllocationCounter counter;
        const std::size_t bytes = encoder->encode(sound, payload);
        other->continue_from(*encoder, sound);
        other->prepare_switch();
        decoder->decode(std::span(payload).first(bytes), out);
        decoder->decode_fec(std::span(payload).first(bytes), 960, out);
        decoder->conceal(960, out);
        decoder->reset();
        CHECK(counter.count() == 0);
    }
}

TEST_CASE("A sending packet time we do not have is refused by name") {
    const auto refused = mixer::make_audio_encoder({.ptime_ms = 30});

    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == common::ErrorCode::Unsupported);
}

TEST_CASE("RTP clocks are those of RFC 3551 and RFC 7587") {
    CHECK(mixer::rtp_clock_hz(AudioCodec::Opus) == 48000);
    CHECK(mixer::rtp_clock_hz(AudioCodec::G722) == 8000);
    CHECK(mixer::rtp_clock_hz(AudioCodec::Pcmu) == 8000);
}

#include "mixer/codec/opus_loudness.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "mixer/codec/audio_codec.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/talker.h"
#include "tests/support/tone_source.h"

using mixer::OpusLoudness;

namespace {

struct Line {
    explicit Line(int kbps)
        : encoder(*mixer::make_audio_encoder({.bitrate = common::Bitrate::from_kbps(kbps)})),
          decoder(*mixer::make_audio_decoder(common::AudioCodec::Opus)) {}

    /// What the packet says of itself; `decoded_dbfs` is what it was.
    std::optional<float> pass(std::span<const float> tick) {
        payload.resize(1275);
        payload.resize(encoder->encode(tick, payload));
        const std::size_t samples = decoder->decode(payload, out);
        double sum = 1e-13;
        for (std::size_t i = 0; i < samples; ++i) sum += static_cast<double>(out[i]) * out[i];
        decoded_dbfs = 10 * std::log10(sum / static_cast<double>(samples));
        return loudness.read(payload);
    }

    std::unique_ptr<mixer::AudioEncoder> encoder;
    std::unique_ptr<mixer::AudioDecoder> decoder;
    OpusLoudness loudness;
    std::vector<std::uint8_t> payload;
    std::vector<float> out = std::vector<float>(5760);
    double decoded_dbfs = 0;
};

}  // namespace

TEST_CASE("A CELT packet of noise tells its level to within 4 dB") {
    for (const double level : {-75.0, -60.0, -45.0, -30.0}) {
        CAPTURE(level);
        Line line(96);
        tests::Hiss hiss(level);
        for (int i = 0; i < 200; ++i) {
            const auto told = line.pass(hiss.make(960));
            REQUIRE(told);
            if (i >= 10) CHECK(std::abs(*told - line.decoded_dbfs) < 4);
        }
    }
}

TEST_CASE("A level is found in the middle of a stream within ten packets") {
    Line line(96);
    tests::Hiss hiss(-60);
    for (int i = 0; i < 50; ++i) (void)line.pass(hiss.make(960));
    line.loudness.reset();

    for (int i = 0; i < 10; ++i) (void)line.pass(hiss.make(960));

    CHECK(std::abs(*line.pass(hiss.make(960)) - line.decoded_dbfs) < 4);
}

TEST_CASE("The first loud packet after noise says so, or says nothing") {
    for (const int kbps : {16, 24, 32, 48, 64, 96}) {
        for (const double level : {-15.0, -30.0, -45.0}) {
            CAPTURE(kbps, level);
            Line line(kbps);
            tests::Hiss hiss(-62);
            for (int i = 0; i < 100; ++i) (void)line.pass(hiss.make(960));
            const auto word = tests::sine(300, 1.41 * std::pow(10, level / 20), 960);

            // The codec's own delay leaves the first of them soft.
            std::optional<float> told = line.pass(word);
            if (line.decoded_dbfs < -50) told = line.pass(word);

            CHECK(line.decoded_dbfs > -50);
            CHECK((!told || *told > -53));
        }
    }
}

TEST_CASE("SILK packets of noise are no voice, and those of speech do not tell") {
    Line line(16);
    tests::Hiss hiss(-60);
    for (int i = 0; i < 100; ++i) (void)line.pass(hiss.make(960));

    CHECK(line.pass(hiss.make(960)) == OpusLoudness::kNoVoiceDbfs);

    const auto voice = tests::sine(200, 0.2, 1920);
    (void)line.pass(std::span(voice).first(960));
    CHECK_FALSE(line.pass(std::span(voice).last(960)));
}

TEST_CASE("Digital silence is silent") {
    Line line(96);
    const std::vector<float> silence(960);
    std::optional<float> told;
    for (int i = 0; i < 20; ++i) told = line.pass(silence);

    REQUIRE(told);
    CHECK(*told < -90);
}

TEST_CASE("Packets of several frames, of other lengths and of nothing do not tell") {
    OpusLoudness loudness;
    const std::array<std::uint8_t, 8> bytes{0xf8 | 1, 1, 2, 3, 4, 5, 6, 7};

    CHECK_FALSE(loudness.read(bytes));                                    // two frames
    CHECK_FALSE(loudness.read({}));                                       // nothing
    CHECK_FALSE(loudness.read(std::array<std::uint8_t, 1>{0xf8}));        // DTX
    CHECK_FALSE(loudness.read(std::array<std::uint8_t, 4>{0xf0, 1, 2}));  // 10 ms
}

TEST_CASE("Any bytes are read without harm and without allocating") {
    std::mt19937 random(7);
    OpusLoudness loudness;
    std::vector<std::uint8_t> bytes(200);
    const tests::AllocationCounter allocations;
    for (int i = 0; i < 20'000; ++i) {
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        const auto told = loudness.read(std::span(bytes).first(random() % 200));
        if (told && !std::isfinite(*told)) FAIL("not a level");
    }
    CHECK(allocations.count() == 0);
}

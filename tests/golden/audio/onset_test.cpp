#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "mixer/audio/audio_mixer.h"
#include "mixer/audio/audio_playout.h"
#include "mixer/codec/audio_codec.h"
#include "tests/support/talker.h"
#include "tests/support/tone_source.h"

// Somebody who has been silent for a minute, noise of a quiet room aside, is hardly decoded any
// more. What is heard of the first word must be what would have been heard had everything been
// decoded.

namespace {

using common::SourceId;
using mixer::kTickSamples;

/// A playout of which every packet is decoded.
class AlwaysDecoded final : public mixer::AudioSource {
  public:
    explicit AlwaysDecoded(mixer::AudioPlayout& playout) : playout_(playout) {}
    bool pull(common::Timestamp now, mixer::AudioFrame& out) override {
        return playout_.pull(now, out);
    }

  private:
    mixer::AudioPlayout& playout_;
};

/// A playout that counts the ticks it rested.
class Counted final : public mixer::AudioSource {
  public:
    explicit Counted(mixer::AudioPlayout& playout) : playout_(playout) {}
    bool pull(common::Timestamp now, mixer::AudioFrame& out) override {
        return playout_.pull(now, out);
    }
    Pulled pull_unheard(common::Timestamp now, mixer::AudioFrame& out) override {
        const Pulled pulled = playout_.pull_unheard(now, out);
        rests += pulled == Pulled::Rest ? 1 : 0;
        return pulled;
    }
    int rests = 0;

  private:
    mixer::AudioPlayout& playout_;
};

struct Ear {
    explicit Ear(bool rests) {
        playout = *mixer::AudioPlayout::create({}, std::array{common::AudioCodec::Opus});
        always = std::make_unique<AlwaysDecoded>(*playout);
        counted = std::make_unique<Counted>(*playout);
        mixer::AudioSource& source = rests ? static_cast<mixer::AudioSource&>(*counted) : *always;
        REQUIRE(mixer.add_source(SourceId{1}, source));
    }
    void tick(common::Timestamp now) {
        const mixer::MixedTick mixed = mixer.tick(now);
        const auto& samples = mixed.everyone->samples;
        heard.insert(heard.end(), samples.begin(), samples.end());
    }
    [[nodiscard]] std::size_t first_heard() const {
        std::size_t at = 0;
        while (at < heard.size() && std::abs(heard[at]) < 1e-4F) ++at;
        return at;
    }
    std::unique_ptr<mixer::AudioPlayout> playout;
    std::unique_ptr<AlwaysDecoded> always;
    std::unique_ptr<Counted> counted;
    mixer::AudioMixer mixer;
    std::vector<float> heard;
};

struct Room {
    double noise_dbfs = -60;
    int kbps = 32;
    double lost = 0;
    std::size_t onset_offset = 0;  ///< samples into a packet
    std::uint64_t seed = 1;
    int silent_ticks = 600;
};

constexpr int kSpokenTicks = 50;

/// The same packets to both ears: a minute of noise, then `word`.
void listen(const Room& room, const std::vector<float>& word, Ear& resting, Ear& decoding) {
    auto encoder = *mixer::make_audio_encoder(
        {.codec = common::AudioCodec::Opus, .bitrate = common::Bitrate::from_kbps(room.kbps)});
    tests::Hiss hiss(room.noise_dbfs, room.seed);
    std::mt19937_64 random(room.seed);
    std::uniform_real_distribution<double> chance;
    const std::size_t onset =
        static_cast<std::size_t>(room.silent_ticks) * kTickSamples + room.onset_offset;
    std::array<std::uint8_t, 1275> bytes{};
    for (int i = 0; i < room.silent_ticks + kSpokenTicks; ++i) {
        auto sound = hiss.make(kTickSamples);
        for (std::size_t s = 0; s < kTickSamples; ++s) {
            const std::size_t at = static_cast<std::size_t>(i) * kTickSamples + s;
            if (at >= onset && at - onset < word.size()) sound[s] += word[at - onset];
        }
        const std::size_t size = encoder->encode(sound, bytes);
        const auto now = common::Timestamp::from_ns(1'000'000'000'000 + i * 20'000'000LL);
        const bool lost = i > 100 && chance(random) < room.lost;
        for (Ear* ear : {&resting, &decoding}) {
            if (!lost) {
                ear->playout->push({.codec = common::AudioCodec::Opus,
                                    .sequence = static_cast<std::uint16_t>(i),
                                    .rtp_time = static_cast<std::uint32_t>(i) * 960,
                                    .arrival = now - std::chrono::milliseconds(12),
                                    .payload = std::span(bytes).first(size)});
            }
            ear->tick(now);
        }
    }
}

double energy(std::span<const float> samples) {
    double sum = 0;
    for (const float sample : samples) sum += static_cast<double>(sample) * sample;
    return sum;
}

/// By how many dB what is missing or wrong lies below what should be there, in `ms` from the onset.
double error_db(const Ear& resting, const Ear& decoding, std::size_t ms) {
    const std::size_t from = decoding.first_heard();
    const std::size_t count = std::min(ms * 48, decoding.heard.size() - from);
    const auto right = std::span(decoding.heard).subspan(from, count);
    std::vector<float> wrong(right.begin(), right.end());
    for (std::size_t i = 0; i < count; ++i) wrong[i] -= resting.heard[from + i];
    return 10 * std::log10(energy(wrong) / energy(right) + 1e-12);
}

std::vector<float> tone(double dbfs) {
    return tests::sine(440, std::sqrt(2.0) * std::pow(10, dbfs / 20), kSpokenTicks * kTickSamples);
}

void expect_whole_onset(const Room& room, const std::vector<float>& word,
                        double most_error_db = -25) {
    Ear resting(true), decoding(false);

    listen(room, word, resting, decoding);

    const double first = error_db(resting, decoding, 20);
    const double all = error_db(resting, decoding, 200);
    std::printf(
        "onset, %d kbit/s, noise %.0f dBFS, loss %.0f %%: %d of %d ticks rested, off by %.0f dB in "
        "20 ms, %.0f in 200\n",
        room.kbps, room.noise_dbfs, 100 * room.lost, resting.counted->rests, room.silent_ticks,
        first, all);
    CHECK(resting.counted->rests > (room.silent_ticks - 75) * 85 / 100);
    CHECK(resting.first_heard() / kTickSamples == decoding.first_heard() / kTickSamples);
    CHECK(first < most_error_db);
    CHECK(all < most_error_db);
}

}  // namespace

TEST_CASE("The onset of who speaks after a minute of silence is whole") {
    for (const int kbps : {16, 32, 96}) {
        for (const double level : {-20.0, -44.0}) {
            CAPTURE(kbps, level);
            expect_whole_onset({.kbps = kbps, .silent_ticks = 3000}, tone(level));
        }
    }
}

TEST_CASE("The onset of a word that begins anywhere in a packet is whole") {
    for (const int kbps : {32, 96}) {
        for (const std::size_t offset : {120U, 480U, 720U, 900U}) {
            CAPTURE(kbps, offset);
            expect_whole_onset({.kbps = kbps, .onset_offset = offset}, tone(-30));
        }
    }
}

TEST_CASE("The onset of speech after silence is whole, of hissing consonants too") {
    for (const int kbps : {24, 32, 64}) {
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
            CAPTURE(kbps, seed);
            tests::Talker talker({.level_dbfs = -28, .seed = seed});
            while (!talker.speaking()) (void)talker.say(960);
            expect_whole_onset({.kbps = kbps, .seed = seed}, talker.say(kSpokenTicks * 960));
            expect_whole_onset({.kbps = kbps, .seed = seed}, tests::Hiss(-35, 9).make(48000));
        }
    }
}

TEST_CASE("The onset of a word is whole after losses in the silence before") {
    for (const int kbps : {32, 64}) {
        CAPTURE(kbps);
        expect_whole_onset({.kbps = kbps, .lost = 0.05, .seed = 3}, tone(-30), -20);
    }
}

TEST_CASE("Noise that is nearly heard is decoded as ever") {
    Ear resting(true), decoding(false);

    listen({.noise_dbfs = -52}, tone(-30), resting, decoding);

    CHECK(resting.counted->rests == 0);
    CHECK(resting.first_heard() / kTickSamples == decoding.first_heard() / kTickSamples);
}

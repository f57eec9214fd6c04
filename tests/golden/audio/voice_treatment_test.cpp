#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>

#include "mixer/audio/audio_mixer.h"
#include "mixer/audio/speech_detector.h"
#include "tests/support/goertzel.h"
#include "tests/support/talker.h"

// Noise suppression and slow gain, through the mixer, by numbers.

using common::SourceId;

namespace {

constexpr mixer::VoiceTreatmentSettings kProduct{
    .high_pass = true, .noise_suppression = true, .leveling = true};
constexpr std::size_t kSecond = 50;  // ticks

/// Says what it was given, tick by tick.
class Recording final : public mixer::AudioSource {
  public:
    explicit Recording(std::vector<float> sound) : sound_(std::move(sound)) {}
    bool pull(common::Timestamp /*now*/, mixer::AudioFrame& out) override {
        if (at_ + mixer::kTickSamples > sound_.size()) return false;
        std::copy_n(sound_.begin() + static_cast<std::ptrdiff_t>(at_), mixer::kTickSamples,
                    out.samples.begin());
        at_ += mixer::kTickSamples;
        return true;
    }

  private:
    std::vector<float> sound_;
    std::size_t at_ = 0;
};

/// Levels of the mix, tick by tick, of one source alone.
std::vector<double> mix_levels(const std::vector<float>& sound,
                               const mixer::VoiceTreatmentSettings& settings) {
    mixer::AudioMixer mixer;
    mixer.set_treatment(settings);
    Recording source(sound);
    REQUIRE(mixer.add_source(SourceId{1}, source));
    auto now = common::Timestamp::from_ns(1'000'000'000);
    std::vector<double> levels;
    for (std::size_t i = 0; i < sound.size() / mixer::kTickSamples; ++i) {
        now = now + mixer::kAudioTick;
        const mixer::MixedTick tick = mixer.tick(now);
        levels.push_back(static_cast<double>(mixer::level_dbfs(*tick.everyone)));
    }
    return levels;
}

/// What one hears a voice by: the mean power of its louder half.
double speech_level(std::span<const double> levels) {
    std::vector<double> sorted(levels.begin(), levels.end());
    std::ranges::sort(sorted);
    double power = 0;
    for (std::size_t i = sorted.size() / 2; i < sorted.size(); ++i)
        power += std::pow(10, sorted[i] / 10);
    return 10 * std::log10(power / static_cast<double>(sorted.size() - sorted.size() / 2));
}

double mean_level(std::span<const double> levels) {
    double power = 0;
    for (const double level : levels) power += std::pow(10, level / 10);
    return 10 * std::log10(power / static_cast<double>(levels.size()));
}

std::vector<float> sum(std::vector<float> a, const std::vector<float>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
}

}  // namespace

TEST_CASE("A talker 20 dB too soft is within 3 dB of the others after 5 s") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const double pitch = 90 + 30 * static_cast<double>(seed);
        const auto said = [&](double level_dbfs) {
            return tests::Talker({pitch, level_dbfs, seed}).say(15 * 48000);
        };
        const auto normal = mix_levels(said(-26), kProduct);
        const auto soft = mix_levels(said(-46), kProduct);

        const auto after = [](const std::vector<double>& levels) {
            return speech_level(std::span(levels).subspan(5 * kSecond, 10 * kSecond));
        };
        std::printf("talker %d: %.1f dBFS, 20 dB softer %.1f dBFS after 5 s\n",
                    static_cast<int>(seed), after(normal), after(soft));
        CHECK(std::abs(after(normal) - after(soft)) < 3);
    }
}

TEST_CASE("Steady noise falls by at least 12 dB") {
    for (const double level : {-45.0, -40.0, -35.0}) {
        CAPTURE(level);
        const auto noise = tests::Hiss(level).make(10 * 48000);

        const auto plain = mix_levels(noise, {});
        const auto treated = mix_levels(noise, kProduct);

        const auto late = [](const std::vector<double>& levels) {
            return mean_level(std::span(levels).subspan(4 * kSecond, 5 * kSecond));
        };
        std::printf("noise at %.0f dBFS: %.1f dBFS treated\n", late(plain), late(treated));
        CHECK(late(plain) - late(treated) > 12);
    }
}

TEST_CASE("Speech in noise stays while the noise between its words falls by 12 dB") {
    tests::Talker talker({.level_dbfs = -24});
    const auto clean = talker.say(15 * 48000);
    const auto noisy = sum(clean, tests::Hiss(-45).make(clean.size()));
    const mixer::VoiceTreatmentSettings suppression{.noise_suppression = true};

    const auto before = mix_levels(noisy, {});
    const auto after = mix_levels(noisy, suppression);
    const auto words = mix_levels(clean, {});

    std::vector<double> gap_before, gap_after, word_before, word_after;
    for (std::size_t i = 4 * kSecond; i + 2 < words.size(); ++i) {
        const bool gap = words[i] < -70 && words[i - 1] < -70 && words[i + 1] < -70;
        if (gap) gap_before.push_back(before[i]), gap_after.push_back(after[i]);
        if (words[i] > -30) word_before.push_back(before[i]), word_after.push_back(after[i]);
    }
    REQUIRE(gap_before.size() > 20);
    std::printf("between words %.1f -> %.1f dBFS, in words %.1f -> %.1f dBFS\n",
                mean_level(gap_before), mean_level(gap_after), mean_level(word_before),
                mean_level(word_after));
    CHECK(mean_level(gap_before) - mean_level(gap_after) > 12);
    CHECK(mean_level(word_before) - mean_level(word_after) < 2);
}

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

#include "tools/endpoint/picture_analysis.h"
#include "tools/endpoint/report.h"
#include "tools/endpoint/sound.h"
#include "tools/endpoint/sound_analysis.h"

namespace {

using endpoint::SeenPicture;

constexpr std::int64_t kTick = 33'333'333;

SeenPicture picture_at(int tick, std::uint32_t number_of_1, std::uint32_t number_of_2) {
    SeenPicture picture;
    picture.arrived_ns = picture.released_ns = 1'000'000'000 + tick * kTick;
    picture.decoded = true;
    picture.key = tick == 0;
    picture.size = {1280, 720};
    picture.codes = {{{1, number_of_1}, {0, 0, 640, 360}}, {{2, number_of_2}, {640, 0, 640, 360}}};
    return picture;
}

TEST_CASE("A picture in which one of two people stands still does not count") {
    std::vector<SeenPicture> seen;
    for (int i = 0; i <= 90; ++i) {
        const auto number = static_cast<std::uint32_t>(i);
        seen.push_back(picture_at(i, number, number / 2));
    }

    const auto found = endpoint::judge_pictures(seen, 0, nullptr);

    CHECK(found.arrival_fps == Approx(30).epsilon(0.01));
    CHECK(found.fps == Approx(15).epsilon(0.05));
    CHECK(found.freezes.empty());
    CHECK(found.key_frames_ns.size() == 1);
    CHECK(found.advances_ns.size() == 46);
    CHECK(found.advances_ns[1] - found.advances_ns[0] == 2 * kTick);
    CHECK(found.people.at(1).advances == 91);
    CHECK(found.people.at(2).tile.left == 640);
}

TEST_CASE("A code that nobody can read for a moment stands, and one that is gone does not count") {
    std::vector<SeenPicture> seen;
    for (int i = 0; i <= 90; ++i) {
        const auto number = static_cast<std::uint32_t>(i);
        seen.push_back(picture_at(i, number, number));
        const bool unreadable = i >= 10 && i < 20;
        const bool gone = i >= 50;
        if (unreadable || gone) seen.back().codes.pop_back();
    }

    const auto found = endpoint::judge_pictures(seen, 0, nullptr);

    CHECK(found.advanced == 91 - 10);
}

TEST_CASE("Half a second without an advance is a freeze") {
    std::vector<SeenPicture> seen;
    for (int i = 0; i < 90; ++i) {
        const auto number = static_cast<std::uint32_t>(i < 30 || i >= 50 ? i : 30);
        seen.push_back(picture_at(i, number, number));
    }

    const auto found = endpoint::judge_pictures(seen, 0, nullptr);

    REQUIRE(found.freezes.size() == 1);
    CHECK(found.freezes[0].end_ns - found.freezes[0].begin_ns == 20 * kTick);
}

TEST_CASE("Packets that never came damage what follows, until a key frame") {
    std::vector<SeenPicture> seen;
    for (int i = 0; i < 90; ++i) {
        const auto number = static_cast<std::uint32_t>(i);
        seen.push_back(picture_at(i, number, number));
    }
    seen[30].follows_gap = seen[33].follows_gap = true;
    seen[36].key = seen[36].follows_gap = true;
    seen[40].key = seen[50].key = true;

    const auto found = endpoint::judge_pictures(seen, 0, nullptr);

    REQUIRE(found.damages.size() == 1);
    CHECK(found.damages[0].begin_ns == seen[29].released_ns);
    CHECK(found.damages[0].end_ns == seen[40].released_ns);
    CHECK(found.freezes.empty());
}

TEST_CASE("Somebody may stand while the others go on") {
    std::vector<SeenPicture> seen;
    for (int i = 0; i < 90; ++i) {
        const auto number = static_cast<std::uint32_t>(i);
        seen.push_back(picture_at(i, number, i >= 40 && i < 60 ? 40 : number));
    }

    const auto found = endpoint::judge_pictures(seen, 0, nullptr);

    CHECK(found.people.at(1).freezes.empty());
    REQUIRE(found.people.at(2).freezes.size() == 1);
    CHECK(found.people.at(2).freezes[0].end_ns == seen[60].released_ns);
}

endpoint::HeardSound tones(std::initializer_list<std::uint32_t> identities, double noise) {
    endpoint::HeardSound heard;
    heard.samples.resize(4 * endpoint::HeardSound::kRate);
    std::uint32_t state = 7;
    for (std::size_t i = 0; i < heard.samples.size(); ++i) {
        double value = 0;
        for (const std::uint32_t who : identities) {
            value += 0.1 * std::sin(2 * std::numbers::pi * endpoint::tone_hz(who) *
                                    static_cast<double>(i) / endpoint::HeardSound::kRate);
        }
        state = state * 1664525 + 1013904223;
        value += noise * (static_cast<double>(state) / 2147483648.0 - 1);
        heard.samples[i] = static_cast<float>(value);
    }
    return heard;
}

TEST_CASE("Tones of others are told apart, and the own one when it comes back") {
    const auto found = endpoint::judge_sound(tones({1, 2, 3}, 0.002), 3, 0, nullptr);

    REQUIRE(found.tones.size() == 2);
    CHECK(found.tones.at(1).level_dbfs == Approx(-20).margin(0.2));
    CHECK(found.tones.contains(2));
    CHECK(found.own_heard);
}

TEST_CASE("A tone that ends is dated by the packets that brought it") {
    constexpr std::size_t kPacket = endpoint::HeardSound::kRate / 50;
    endpoint::HeardSound heard = tones({1}, 0);
    std::fill(heard.samples.begin() + 2 * endpoint::HeardSound::kRate, heard.samples.end(), 0.0F);
    for (std::size_t at = 0; at < heard.samples.size(); at += kPacket) {
        const auto milliseconds = static_cast<std::int64_t>(at / kPacket) * 20;
        heard.pieces.push_back({at, 5'000'000'000 + milliseconds * 1'000'000});
    }

    const auto found = endpoint::judge_sound(heard, 3, 0, nullptr);

    CHECK(found.tones.at(1).first_ns == 5'000'000'000);
    CHECK(found.tones.at(1).last_ns == 6'900'000'000);
}

TEST_CASE("The noise of a quiet room is 60 dB below full scale, and each room's own") {
    const auto one = endpoint::paint_sound(1, endpoint::SoundPattern::Noise, 48000);
    const auto other = endpoint::paint_sound(2, endpoint::SoundPattern::Noise, 48000);

    double power = 0;
    for (const float sample : one) power += static_cast<double>(sample) * sample;
    CHECK(10 * std::log10(power / static_cast<double>(one.size())) == Approx(-60).margin(0.2));
    CHECK(one != other);
}

TEST_CASE("SNR is that of the tones against all the rest") {
    // Powers: the tone's 0.1 * 0.1 / 2, and of noise even in [-a, a] a * a / 3: 20 dB apart.
    const auto found = endpoint::judge_sound(tones({1}, 0.012247), 3, 0, nullptr);

    CHECK(found.snr_db.p50 == Approx(20).margin(1));
    CHECK_FALSE(found.own_heard);
}

TEST_CASE("A picture's hash does not depend on start codes") {
    const std::vector<std::uint8_t> three{0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x65, 9};
    const std::vector<std::uint8_t> four{0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x65, 9};

    CHECK(endpoint::hash_of_nals(three) == endpoint::hash_of_nals(four));
    CHECK(endpoint::has_idr(three));
}

}  // namespace

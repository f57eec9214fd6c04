#include <catch2/catch.hpp>
#include <cstdio>
#include <ctime>

#include "mixer/codec/video_encoder.h"
#include "tests/support/h264_viewer.h"
#include "tests/support/moving_people.h"

using common::Bitrate;
using common::PictureSize;
using common::VideoCodec;
using mixer::PictureType;
using mixer::StreamFormat;

namespace {

constexpr PictureSize kSize{640, 360};

StreamFormat format_of(PictureSize size, int frames_per_second = 30) {
    return {.codec = VideoCodec::Vp8, .size = size, .frames_per_second = frames_per_second};
}

struct Studio {
    explicit Studio(PictureSize size = kSize) : people(size, 4) {}
    mixer::FramePool pool{64U << 20};
    tests::MovingPeople people;
    [[nodiscard]] mixer::FrameRef picture(int index) { return people.paint(pool, index, {}); }
};

std::unique_ptr<mixer::VideoEncoder> encoder_for(PictureSize size, int kbps, int rate = 30) {
    auto made = mixer::make_vp8_encoder(format_of(size, rate), Bitrate::from_kbps(kbps));
    REQUIRE(made);
    return std::move(*made);
}

}  // namespace

TEST_CASE("A VP8 stream starts with a key frame that says its size") {
    Studio studio;
    const auto encoder = encoder_for(kSize, 350);

    const auto first = encoder->encode(*studio.picture(0), PictureType::Predicted);

    REQUIRE(first);
    CHECK(first->key);
    REQUIRE(first->nals.size() == 1);
    const auto frame = first->nals[0];
    REQUIRE(frame.size() > 10);
    // RFC 6386 9.1: bit 0 of a key frame is 0, then the start code and 14 bits each of size.
    CHECK((frame[0] & 1) == 0);
    CHECK(std::vector<int>{frame[3], frame[4], frame[5]} == std::vector<int>{0x9d, 0x01, 0x2a});
    CHECK((frame[6] | frame[7] << 8) == 640);
    CHECK((frame[8] | frame[9] << 8) == 360);
    CHECK_FALSE(encoder->can_splice());
}

TEST_CASE("No VP8 key frame comes unasked, whatever the pictures show") {
    Studio studio;
    const tests::MovingPeople elsewhere{kSize, 9, 5};
    const auto encoder = encoder_for(kSize, 350);

    for (int i = 0; i < 100; ++i) {
        const mixer::FrameRef cut =
            i / 10 % 2 == 0 ? studio.picture(i) : elsewhere.paint(studio.pool, i, {});
        const auto coded = encoder->encode(*cut, PictureType::Predicted);
        REQUIRE(coded);
        REQUIRE(coded->key == (i == 0));
    }
}

TEST_CASE("Who begins at a VP8 key frame that was asked for sees what all see") {
    Studio studio;
    const auto encoder = encoder_for(kSize, 350);
    tests::H264Viewer old_viewer(VideoCodec::Vp8), joiner(VideoCodec::Vp8);

    for (int i = 0; i < 60; ++i) {
        const bool asked = i == 21;
        const auto coded =
            encoder->encode(*studio.picture(i), asked ? PictureType::Key : PictureType::Predicted);
        REQUIRE(coded);
        REQUIRE(coded->key == (asked || i == 0));
        const auto seen = old_viewer.decode(coded->nals);
        REQUIRE(seen);
        if (i < 21) continue;
        const auto by_joiner = joiner.decode(coded->nals);
        REQUIRE(by_joiner);
        REQUIRE(by_joiner->samples == seen->samples);
    }
    CHECK(old_viewer.complaints() + joiner.complaints() == 0);
}

TEST_CASE("A VP8 stream keeps to its bitrate, and its key pictures to a share of it") {
    struct Rung {
        PictureSize size;
        int rate, kbps;
        double least_db;
    };
    const Rung rung = GENERATE(Rung{{1280, 720}, 30, 1000, 34}, Rung{{640, 360}, 30, 350, 34},
                               Rung{{320, 180}, 15, 70, 29});
    Studio studio(rung.size);
    const auto encoder = encoder_for(rung.size, rung.kbps, rung.rate);
    tests::H264Viewer viewer(VideoCodec::Vp8);
    const int count = rung.rate * 10;
    std::size_t bytes = 0, largest_key = 0;
    double db = 0;
    std::clock_t spent = 0;

    for (int i = 0; i < count; ++i) {
        const mixer::FrameRef ideal = studio.picture(i * 30 / rung.rate);
        const std::clock_t begun = std::clock();
        const auto coded =
            encoder->encode(*ideal, i == count / 2 ? PictureType::Key : PictureType::Predicted);
        spent += std::clock() - begun;
        REQUIRE(coded);
        bytes += coded->nals[0].size();
        if (coded->key) largest_key = std::max(largest_key, coded->nals[0].size());
        const auto seen = viewer.decode(coded->nals);
        REQUIRE(seen);
        db += tests::luma_psnr(*ideal, *seen);
    }

    const double kbps = static_cast<double>(bytes) * 8 * rung.rate / count / 1000;
    std::printf("VP8 %dx%d: %.0f kbit/s of %d, %.1f dB, key %zu bytes, %.2f ms a picture\n",
                rung.size.width, rung.size.height, kbps, rung.kbps, db / count, largest_key,
                1000.0 * static_cast<double>(spent) / CLOCKS_PER_SEC / count);
    CHECK(kbps < rung.kbps * 1.1);
    CHECK(kbps > rung.kbps * 0.6);
    CHECK(db / count > rung.least_db);
    CHECK(static_cast<double>(largest_key) < rung.kbps * 1000 / 8.0 * 0.5);
}

TEST_CASE("Fewer VP8 pictures a second share the same bitrate") {
    Studio studio;
    const auto encoder = encoder_for(kSize, 350);
    const auto kbps_of = [&](int per_second, int from) {
        encoder->set_pictures_per_second(per_second);
        std::size_t bytes = 0;
        for (int i = 0; i < per_second * 5; ++i) {
            const auto coded = encoder->encode(*studio.picture(from + i * 30 / per_second),
                                               PictureType::Predicted);
            REQUIRE(coded);
            bytes += coded->nals[0].size();
        }
        return static_cast<double>(bytes) * 8 / 5000;
    };
    (void)kbps_of(30, 0);

    const double at_thirty = kbps_of(30, 150), at_fifteen = kbps_of(15, 300);

    CHECK(at_fifteen > at_thirty * 0.7);
    CHECK(at_fifteen < at_thirty * 1.3);
}

TEST_CASE("A picture of another size is refused by VP8") {
    Studio studio({320, 180});
    const auto encoder = encoder_for(kSize, 350);

    CHECK_FALSE(encoder->encode(*studio.picture(0), PictureType::Predicted));
}

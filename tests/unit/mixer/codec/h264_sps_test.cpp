#include "mixer/codec/h264_sps.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "tests/support/h264_clip.h"

using common::PictureSize;
using Bytes = std::vector<std::uint8_t>;

TEST_CASE("The coded size of what x264 writes is read in every profile, in whole macroblocks") {
    tests::ClipSettings settings;
    settings.profile = GENERATE("baseline", "main", "high");
    settings.pictures = 1;
    settings.size = {1920, 1080};

    const auto clip = tests::make_h264_clip(settings);

    CHECK(mixer::largest_coded_size(clip.at(0).bytes) == PictureSize{1920, 1088});
}

TEST_CASE("Scaling lists and interlacing are walked through") {
    tests::ClipSettings settings;
    settings.profile = "high";
    settings.pictures = 1;
    settings.x264_params = "cqm=jvt:interlaced=1";

    const auto clip = tests::make_h264_clip(settings);

    CHECK(mixer::largest_coded_size(clip.at(0).bytes) == PictureSize{640, 384});
}

TEST_CASE("A hand-made set of 16384x16384 is read as such") {
    // profile 66, level 40; ue: id 0, frame_num 0, poc type 2, refs 1; gaps 0; 1023 and 1023
    // (1+10+10 bits); frame_mbs_only 1.
    //   1 1 011 010 0 | 00000000001 0000000000 x2 | 1 ...
    const Bytes sps{0x67,       66,         0xc0,       40,         0b11011010, 0b00000000,
                    0b00010000, 0b00000000, 0b00000001, 0b00000000, 0b00110000};

    CHECK(mixer::read_coded_size(sps) == PictureSize{16384, 16384});
}

TEST_CASE("An access unit without a parameter set announces no size") {
    const Bytes slice{0, 0, 0, 1, 0x41, 0x9a, 0x02};
    CHECK_FALSE(mixer::largest_coded_size(slice).has_value());
    CHECK_FALSE(mixer::largest_coded_size({}).has_value());
}

TEST_CASE("A set that was cut short, at any byte, is never read past its end") {
    tests::ClipSettings settings;
    settings.profile = "high";
    settings.pictures = 1;
    const Bytes clip = tests::make_h264_clip(settings).at(0).bytes;
    const Bytes sps(clip.begin() + 4, clip.begin() + 30);

    for (std::size_t bytes = 0; bytes < sps.size(); ++bytes) {
        const Bytes cut(sps.begin(), sps.begin() + static_cast<std::ptrdiff_t>(bytes));
        const auto size = mixer::read_coded_size(cut);
        if (size) CHECK(size->width == 640);
    }
}

TEST_CASE("Random bytes are read to some size or none, without end") {
    std::mt19937 random(7);
    for (int round = 0; round < 20000; ++round) {
        Bytes noise(random() % 40);
        for (auto& byte : noise) byte = static_cast<std::uint8_t>(random() % 4 == 0 ? 0 : random());
        if (!noise.empty()) noise[0] = 0x67;
        if (noise.size() > 1 && random() % 2 == 0) noise[1] = 100;
        const auto size = mixer::read_coded_size(noise);
        if (size) CHECK((size->width > 0 && size->height > 0));
    }
}

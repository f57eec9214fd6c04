#include "mixer/codec/coded_size.h"

#include <catch2/catch.hpp>
#include <vector>

#include "common/h264_sps.h"
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
        const auto size = common::read_coded_size(cut);
        if (size) CHECK(size->width == 640);
    }
}

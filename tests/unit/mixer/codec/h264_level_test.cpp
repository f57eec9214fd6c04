#include "mixer/codec/h264_level.h"

#include <catch2/catch.hpp>

using common::Bitrate;
using common::H264Profile;
using mixer::lowest_h264_level;

TEST_CASE("A level is the lowest that a rung needs") {
    const auto level = [](int width, int height, int rate, int kbps) {
        return lowest_h264_level({width, height}, rate, Bitrate::from_kbps(kbps),
                                 H264Profile::ConstrainedBaseline);
    };

    CHECK(level(1920, 1080, 30, 2500) == 40);
    CHECK(level(1280, 720, 30, 1000) == 31);
    CHECK(level(848, 480, 30, 600) == 31);
    CHECK(level(640, 360, 30, 350) == 30);
    CHECK(level(320, 180, 15, 80) == 12);
    CHECK(level(176, 144, 15, 64) == 10);
}

TEST_CASE(
    "A bitrate can ask for a higher level than the picture does, in Main sooner than in High") {
    CHECK(lowest_h264_level({320, 240}, 15, Bitrate::from_kbps(450), H264Profile::Main) == 13);
    CHECK(lowest_h264_level({320, 240}, 15, Bitrate::from_kbps(450), H264Profile::High) == 12);
}

TEST_CASE("A picture too long for its area needs a higher level") {
    CHECK(lowest_h264_level({1280, 32}, 1, Bitrate::from_kbps(64), H264Profile::Main) == 22);
}

TEST_CASE("No level allows a picture of 16384x16384") {
    CHECK(lowest_h264_level({16384, 16384}, 30, Bitrate::from_kbps(1000), H264Profile::High) == 0);
}

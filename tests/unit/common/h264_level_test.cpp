#include "common/h264_level.h"

#include <catch2/catch.hpp>

using common::Bitrate;
using common::H264Level;
using common::H264Profile;
using common::lowest_h264_level;

namespace {

/// As level_idc; 0: none.
int level_idc(std::optional<H264Level> level) {
    return level ? static_cast<int>(*level) : 0;
}

}  // namespace

TEST_CASE("A level is the lowest that a rung needs") {
    const auto level = [](int width, int height, int rate, int kbps) {
        return level_idc(lowest_h264_level({width, height}, rate, Bitrate::from_kbps(kbps),
                                           H264Profile::ConstrainedBaseline));
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
    CHECK(level_idc(
              lowest_h264_level({320, 240}, 15, Bitrate::from_kbps(450), H264Profile::Main)) == 13);
    CHECK(level_idc(
              lowest_h264_level({320, 240}, 15, Bitrate::from_kbps(450), H264Profile::High)) == 12);
}

TEST_CASE("A picture too long for its area needs a higher level") {
    CHECK(level_idc(lowest_h264_level({1280, 32}, 1, Bitrate::from_kbps(64), H264Profile::Main)) ==
          22);
}

TEST_CASE("No level allows a picture of 16384x16384") {
    CHECK(level_idc(lowest_h264_level({16384, 16384}, 30, Bitrate::from_kbps(1000),
                                      H264Profile::High)) == 0);
}

TEST_CASE("The lowest level of each rung is that of Table A-1") {
    const auto lowest_level = [](common::PictureSize size, int rate, Bitrate bitrate) {
        return lowest_h264_level(size, rate, bitrate, H264Profile::Main);
    };

    CHECK(lowest_level({320, 180}, 15, Bitrate::from_kbps(80)) == H264Level::L1_2);
    CHECK(lowest_level({640, 360}, 30, Bitrate::from_kbps(350)) == H264Level::L3);
    CHECK(lowest_level({1280, 720}, 30, Bitrate::from_kbps(1000)) == H264Level::L3_1);
    CHECK(lowest_level({1920, 1080}, 30, Bitrate::from_kbps(2500)) == H264Level::L4);
    CHECK(lowest_level({1920, 1080}, 30, Bitrate::from_kbps(30'000)) == H264Level::L4_1);
    CHECK_FALSE(lowest_level({16384, 16384}, 30, Bitrate::from_kbps(100)).has_value());
}

TEST_CASE("Level 1b is never chosen: each profile signals it differently") {
    CHECK(lowest_h264_level({176, 144}, 15, Bitrate::from_kbps(100), H264Profile::Main) ==
          H264Level::L1_1);
}

TEST_CASE("Level 1b hides behind 11 in Baseline and has a number of its own in High") {
    CHECK(common::h264_level(66, 0x10, 11) == H264Level::L1b);
    CHECK(common::h264_level(66, 0x00, 11) == H264Level::L1_1);
    CHECK(common::h264_level(100, 0x10, 11) == H264Level::L1_1);
    CHECK(common::h264_level(100, 0x00, 9) == H264Level::L1b);
    CHECK_FALSE(common::h264_level(66, 0, 14).has_value());
}

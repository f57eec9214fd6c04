#include "mcu/rtp/h264_fmtp.h"

#include <catch2/catch.hpp>

using common::H264Profile;
using mcu::H264Fmtp;
using mcu::H264Level;
using Mode = mcu::H264Packetizer::Mode;

TEST_CASE("A usual fmtp is read") {
    const auto fmtp = H264Fmtp::parse(
        "profile-level-id=42e01f;packetization-mode=1; max-fs=8160;max-mbps=245000;max-br=5000");

    REQUIRE(fmtp.has_value());
    CHECK(fmtp->profile() == H264Profile::ConstrainedBaseline);
    CHECK(fmtp->level == H264Level::L3_1);
    CHECK(fmtp->packetization_mode == Mode::NonInterleaved);
    CHECK(fmtp->limits().max_fs == 8160);
    CHECK(fmtp->limits().max_mbps == 245'000);
    CHECK(fmtp->limits().max_br_kbps == 14'000);  // narrower than the level: does not count
}

TEST_CASE("An empty fmtp means Baseline level 1 in mode 0") {
    const auto fmtp = H264Fmtp::parse("");

    REQUIRE(fmtp.has_value());
    CHECK(fmtp->level == H264Level::L1);
    CHECK(fmtp->packetization_mode == Mode::SingleNal);
    CHECK(fmtp->profile() == H264Profile::ConstrainedBaseline);
}

TEST_CASE(
    "Names are read in any case, the parameter sets keep their padding, the unknown is ignored") {
    const auto fmtp = H264Fmtp::parse(
        " Profile-Level-ID=640028 ;sprop-parameter-sets=Z0LAH9o=,aM4PyA==;x-new=1;flag");

    REQUIRE(fmtp.has_value());
    CHECK(fmtp->profile() == H264Profile::High);
    CHECK(fmtp->level == H264Level::L4);
    CHECK(fmtp->sprop_parameter_sets == "Z0LAH9o=,aM4PyA==");
}

TEST_CASE("Main with the flag of Baseline is Constrained Baseline") {
    CHECK(H264Fmtp::parse("profile-level-id=4d001f")->profile() == H264Profile::Main);
    CHECK(H264Fmtp::parse("profile-level-id=4d801f")->profile() ==
          H264Profile::ConstrainedBaseline);
}

TEST_CASE("A profile-level-id that is none makes the format unusable; unreadable numbers do not") {
    CHECK_FALSE(H264Fmtp::parse("profile-level-id=42e0").has_value());
    CHECK_FALSE(H264Fmtp::parse("profile-level-id=zze01f").has_value());
    CHECK_FALSE(H264Fmtp::parse("profile-level-id=42e0ff").has_value());
    CHECK(H264Fmtp::parse("max-fs=-5;max-mbps=many;max-br=99999999999999999999")->limits() ==
          limits_of(H264Level::L1));
}

TEST_CASE("Level 3.1 allows 720p at 30 and not at 60") {
    const auto fmtp = H264Fmtp::parse("profile-level-id=42e01f");

    CHECK(fmtp->allows({1280, 720}, 30));
    CHECK_FALSE(fmtp->allows({1280, 720}, 60));
    CHECK_FALSE(fmtp->allows({1920, 1080}, 10));
}

TEST_CASE("Level 1b hides behind 11 in Baseline and has a number of its own in High") {
    CHECK(mcu::h264_level(66, 0x10, 11) == H264Level::L1b);
    CHECK(mcu::h264_level(66, 0x00, 11) == H264Level::L1_1);
    CHECK(mcu::h264_level(100, 0x10, 11) == H264Level::L1_1);
    CHECK(mcu::h264_level(100, 0x00, 9) == H264Level::L1b);
    CHECK_FALSE(mcu::h264_level(66, 0, 14).has_value());
}

TEST_CASE("The lowest level of each rung is that of Table A-1") {
    using common::Bitrate;

    CHECK(mcu::lowest_level({320, 180}, 15, Bitrate::from_kbps(80)) == H264Level::L1_2);
    CHECK(mcu::lowest_level({640, 360}, 30, Bitrate::from_kbps(350)) == H264Level::L3);
    CHECK(mcu::lowest_level({1280, 720}, 30, Bitrate::from_kbps(1000)) == H264Level::L3_1);
    CHECK(mcu::lowest_level({1920, 1080}, 30, Bitrate::from_kbps(2500)) == H264Level::L4);
    CHECK(mcu::lowest_level({1920, 1080}, 30, Bitrate::from_kbps(30'000)) == H264Level::L4_1);
    CHECK_FALSE(mcu::lowest_level({16384, 16384}, 30, Bitrate::from_kbps(100)).has_value());
}

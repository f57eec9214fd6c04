#include "mcu/rtp/h264_fmtp.h"

#include <catch2/catch.hpp>

using common::H264Level;
using common::H264Profile;
using mcu::H264Fmtp;
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

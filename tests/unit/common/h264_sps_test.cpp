#include "common/h264_sps.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "tests/support/h264_test_sets.h"

using common::parse_sps;
using common::PictureSize;
using common::read_coded_size;
using common::SpsError;
using tests::Bytes;
using tests::MadeSps;

TEST_CASE("An SPS says profile, level and size") {
    const auto sps = parse_sps(tests::kSps720p);

    REQUIRE(sps.has_value());
    CHECK(sps->profile_idc == 66);
    CHECK(sps->constraint_flags == 0xc0);
    CHECK(sps->level_idc == 31);
    CHECK(sps->size == PictureSize{1280, 720});
    CHECK(sps->frame_mbs_only);
}

TEST_CASE("1080 lines are 1088 cropped") {
    const auto sps = parse_sps(tests::kSps1080p);

    REQUIRE(sps.has_value());
    CHECK(sps->profile_idc == 100);
    CHECK(sps->coded == PictureSize{1920, 1088});
    CHECK(sps->size == PictureSize{1920, 1080});
}

TEST_CASE("An interlaced SPS counts its height in field pairs") {
    const auto sps = parse_sps(tests::kSps576i);

    REQUIRE(sps.has_value());
    CHECK_FALSE(sps->frame_mbs_only);
    CHECK(sps->size == PictureSize{720, 576});
}

TEST_CASE("What cannot be decoded or shown is refused with its reason") {
    CHECK(parse_sps(tests::kSps422).error() == SpsError::BadChroma);
    CHECK(parse_sps(tests::kSpsTooLarge).error() == SpsError::PictureTooLarge);
    CHECK(parse_sps(MadeSps{.width_mbs = 1024, .height_mbs = 1024}.nal()).error() ==
          SpsError::PictureTooLarge);
    CHECK(
        parse_sps(MadeSps{.width_mbs = 1'000'000'000, .height_mbs = 1'000'000'000}.nal()).error() ==
        SpsError::PictureTooLarge);
    CHECK(parse_sps(MadeSps{.width_mbs = 4, .crop_right = 32}.nal()).error() == SpsError::BadSize);
    CHECK(std::string(describe(SpsError::PictureTooLarge)) ==
          "the picture is larger than 1920x1088");
}

TEST_CASE("Fields out of range are refused") {
    CHECK(parse_sps(MadeSps{}.nal()).has_value());
    CHECK(parse_sps(MadeSps{.id = 32}.nal()).error() == SpsError::BadField);
    CHECK(parse_sps(MadeSps{.frame_num = 13}.nal()).error() == SpsError::BadField);
    CHECK(parse_sps(MadeSps{.poc_type = 3}.nal()).error() == SpsError::BadField);
    CHECK(parse_sps(MadeSps{.references = 17}.nal()).error() == SpsError::BadField);
    CHECK(parse_sps(Bytes{0x67, 0, 0, 10, 0xff}).error() == SpsError::BadProfile);
    CHECK(parse_sps(tests::kPps720p).error() == SpsError::NotAnSps);
    CHECK(parse_sps(Bytes{}).error() == SpsError::NotAnSps);
}

TEST_CASE("An SPS cut anywhere before its size is refused") {
    for (std::size_t size = 1; size < 9; ++size) {
        CHECK_FALSE(parse_sps(std::span(tests::kSps720p).first(size)).has_value());
    }
}

TEST_CASE("Scaling lists and picture order cycles are walked over") {
    tests::BitWriter out;
    out.bits(0x67, 8).bits(100, 8).bits(0, 8).bits(30, 8).ue(0);
    out.ue(1).ue(0).ue(0).bits(0, 1).bits(1, 1);  // 4:2:0, 8 bits, scaling matrix
    out.bits(1, 1).ue(16);                        // first list: ends at once (-8)
    out.bits(0, 7);
    out.ue(0);
    out.ue(1).bits(0, 1).ue(0).ue(0).ue(2).ue(5).ue(6);  // poc type 1, cycle of two
    out.ue(1).bits(0, 1).ue(19).ue(11).bits(1, 1).bits(1, 1).bits(0, 2).bits(1, 1);

    const auto sps = parse_sps(out.bytes());

    REQUIRE(sps.has_value());
    CHECK(sps->size == PictureSize{320, 192});
}

TEST_CASE("A hand-made set of 16384x16384 is read as such") {
    // Profile 66, level 40; ue: id 0, frame_num 0, poc type 2, refs 1; gaps 0; 511 columns and rows
    // more (1+9+9 bits and 10+9), interlaced: field pairs of 32 lines.
    const Bytes sps{0x67,       66,         0xc0,       40,         0b11011010, 0b00000000,
                    0b00010000, 0b00000000, 0b00000001, 0b00000000, 0b00110000};

    CHECK(read_coded_size(sps) == PictureSize{16384, 16384});
    CHECK(parse_sps(sps).error() == SpsError::PictureTooLarge);
}

TEST_CASE("A set that is refused still announces its size") {
    CHECK(read_coded_size(tests::kSps720p) == PictureSize{1280, 720});
    CHECK(read_coded_size(tests::kSps422) == PictureSize{640, 368});
    CHECK(read_coded_size(tests::kSpsTooLarge) == PictureSize{2048, 1536});
    CHECK(read_coded_size(MadeSps{.id = 32}.nal()) == PictureSize{640, 352});
    CHECK(read_coded_size(MadeSps{.references = 17}.nal()) == PictureSize{640, 352});
    CHECK(read_coded_size(MadeSps{.width_mbs = 4, .crop_right = 32}.nal()) == PictureSize{64, 352});
    CHECK(read_coded_size(MadeSps{.width_mbs = 1'000'000'000}.nal()) ==
          PictureSize{2049 * 16, 352});
    CHECK_FALSE(read_coded_size(tests::kPps720p).has_value());
}

TEST_CASE("Random bytes are read to some size or none, without end") {
    std::mt19937 random(7);
    for (int round = 0; round < 20000; ++round) {
        Bytes noise(random() % 40);
        for (auto& byte : noise) byte = static_cast<std::uint8_t>(random() % 4 == 0 ? 0 : random());
        if (!noise.empty()) noise[0] = 0x67;
        if (noise.size() > 1 && random() % 2 == 0) noise[1] = 100;
        const auto size = read_coded_size(noise);
        if (size) CHECK((size->width > 0 && size->height > 0));
        if (const auto legal = parse_sps(noise)) CHECK(size == legal->coded);
    }
}

#include "mcu/rtp/h264_parameter_sets.h"

#include <catch2/catch.hpp>

#include "tests/support/h264_test_sets.h"

using common::SpsError;
using mcu::H264ParameterSets;
using tests::Bytes;

TEST_CASE("Parameter sets are read from sprop-parameter-sets and go in front with start codes") {
    H264ParameterSets sets;

    CHECK(sets.add_sprop("Z0LAH9oBQBbsBEAAAAMAQAAADwPGDKg=,aM4PyA=="));
    REQUIRE(sets.complete());
    CHECK(sets.sps()->size == common::PictureSize{1280, 720});
    Bytes frame{0x00, 0x00, 0x00, 0x01, 0x65};
    sets.prepend_to(frame);

    const Bytes start_code{0, 0, 0, 1};
    Bytes expected;
    for (const Bytes& part :
         {start_code, tests::kSps720p, start_code, tests::kPps720p, start_code, Bytes{0x65}}) {
        expected.insert(expected.end(), part.begin(), part.end());
    }
    CHECK(frame == expected);
}

TEST_CASE("Base64 without its padding is read too") {
    H264ParameterSets sets;

    CHECK(sets.add_sprop("Z0LAH9oBQBbsBEAAAAMAQAAADwPGDKg,,aM4PyA"));
    CHECK(sets.complete());
}

TEST_CASE("A broken set is refused and the good one beside it taken") {
    H264ParameterSets sets;

    CHECK_FALSE(sets.add_sprop("!!!!,aM4PyA==,A"));
    CHECK_FALSE(sets.complete());
    CHECK(sets.add(tests::kSps720p));
    CHECK(sets.complete());
}

TEST_CASE("A nonsense SPS is refused by name and leaves what was known") {
    H264ParameterSets sets;
    sets.add(tests::kSps720p);

    CHECK_FALSE(sets.add(tests::MadeSps{.width_mbs = 1024, .height_mbs = 1024}.nal()));

    CHECK(sets.refusal() == SpsError::PictureTooLarge);
    CHECK(sets.refused_count() == 1);
    CHECK(sets.sps()->size == common::PictureSize{1280, 720});
}

TEST_CASE("Sets of other types, empty, oversized or with wild ids are refused") {
    H264ParameterSets sets;

    CHECK_FALSE(sets.add(Bytes{}));
    CHECK_FALSE(sets.add(Bytes{0x65, 0x88}));
    CHECK_FALSE(sets.add(Bytes(2000, 0x68)));
    CHECK_FALSE(sets.add(Bytes{0x68}));
    CHECK_FALSE(sets.add(Bytes{0x68, 0x00, 0x10, 0x00, 0x00}));
    CHECK(sets.refused_count() == 5);
}

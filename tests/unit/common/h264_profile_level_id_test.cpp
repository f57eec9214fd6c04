#include "common/h264_profile_level_id.h"

#include <catch2/catch.hpp>

using common::H264Level;
using common::H264ProfileLevelId;
using Profile = common::H264SubProfile;

namespace {

Profile profile_of(const char* id) {
    return H264ProfileLevelId::parse(id)->sub_profile();
}

}  // namespace

TEST_CASE("A profile-level-id is three bytes in hex") {
    const auto id = H264ProfileLevelId::parse("42e01f");

    REQUIRE(id);
    CHECK(id->profile_idc == 0x42);
    CHECK(id->profile_iop == 0xe0);
    CHECK(id->level_idc == 0x1f);
    CHECK(id->level() == H264Level::L3_1);
}

TEST_CASE("Left out it means Baseline, level 1") {
    CHECK(H264ProfileLevelId{}.sub_profile() == Profile::Baseline);
    CHECK(H264ProfileLevelId{}.level() == H264Level::L1);
}

TEST_CASE("Every spelling of a sub-profile counts as that profile") {
    // RFC 6184, table 5.
    CHECK(profile_of("42e01f") == Profile::ConstrainedBaseline);
    CHECK(profile_of("42c01f") == Profile::ConstrainedBaseline);
    CHECK(profile_of("4d801f") == Profile::ConstrainedBaseline);
    CHECK(profile_of("58c01f") == Profile::ConstrainedBaseline);
    CHECK(profile_of("42001f") == Profile::Baseline);
    CHECK(profile_of("58801f") == Profile::Baseline);
    CHECK(profile_of("4D001F") == Profile::Main);
    CHECK(profile_of("640028") == Profile::High);
    CHECK(profile_of("640c28") == Profile::High);
    CHECK(profile_of("58001f") == Profile::Other);
    CHECK(profile_of("6e0028") == Profile::Other);
    CHECK(profile_of("f4001f") == Profile::Other);
}

TEST_CASE("What is not six hex digits, or no level, is refused") {
    for (const char* text : {"", "42e0", "42e01f0", "zze01f", "42e0zz", "0x42e0", "-2e01f",
                             " 42e01f", "42e0ff", "42000e"}) {
        INFO(text);
        CHECK_FALSE(H264ProfileLevelId::parse(text));
    }
}

TEST_CASE("At another level the flag of 1b goes, where it has that meaning") {
    const auto baseline_1b = H264ProfileLevelId::parse("42f00b");
    CHECK(baseline_1b->level() == H264Level::L1b);
    CHECK(baseline_1b->at_level(0x28).profile_iop == 0xe0);
    CHECK(baseline_1b->at_level(0x28).level() == H264Level::L4);
    CHECK(H264ProfileLevelId::parse("64100b")->at_level(0x28).profile_iop == 0x10);
}

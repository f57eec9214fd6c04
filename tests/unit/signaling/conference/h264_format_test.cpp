#include "signaling/conference/h264_format.h"

#include <catch2/catch.hpp>

using signaling::H264Format;
using Profile = signaling::H264Format::Profile;

TEST_CASE("An H.264 fmtp without parameters has the defaults of RFC 6184") {
    const auto format = H264Format::parse("");

    REQUIRE(format);
    CHECK(format->profile() == Profile::Baseline);
    CHECK(format->id.level_idc == 10);
    CHECK(format->packetization_mode == 0);
    CHECK_FALSE(format->level_asymmetry_allowed);
}

TEST_CASE("An H.264 fmtp that cannot be read is no format") {
    CHECK_FALSE(H264Format::parse("profile-level-id=42e0"));
    CHECK_FALSE(H264Format::parse("profile-level-id=42e0zz"));
    CHECK_FALSE(H264Format::parse("profile-level-id=42e0ff"));
    CHECK_FALSE(H264Format::parse("profile-level-id=42e01f;packetization-mode=3"));
    CHECK_FALSE(H264Format::parse("packetization-mode=one"));
}

TEST_CASE("With level asymmetry we answer our own level under the offered profile") {
    const auto format =
        H264Format::parse("profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1");

    CHECK(format->answer(0x28) ==
          "profile-level-id=42e028;packetization-mode=1;level-asymmetry-allowed=1");
}

TEST_CASE("Without level asymmetry the lower of the two levels is answered") {
    CHECK(H264Format::parse("profile-level-id=42e01f")->answer(0x28) ==
          "profile-level-id=42e01f;packetization-mode=0");
    CHECK(H264Format::parse("profile-level-id=640033")->answer(0x28) ==
          "profile-level-id=640028;packetization-mode=0");
}

TEST_CASE("Level 1b is kept as offered and its flag does not survive on our level") {
    CHECK(H264Format::parse("profile-level-id=42f00b")->answer(0x28) ==
          "profile-level-id=42f00b;packetization-mode=0");
    CHECK(H264Format::parse("profile-level-id=42f00b;level-asymmetry-allowed=1")->answer(0x28) ==
          "profile-level-id=42e028;packetization-mode=0;level-asymmetry-allowed=1");
}

TEST_CASE("An offer without profile-level-id is answered without it") {
    CHECK(H264Format::parse("packetization-mode=1")->answer(0x28) == "packetization-mode=1");
    CHECK(H264Format::parse("")->answer(0x28) == "packetization-mode=0");
}

TEST_CASE("A format without profile-level-id matches any profile in the same mode") {
    const auto unnamed = *H264Format::parse("packetization-mode=1");

    CHECK(unnamed.matches(*H264Format::parse("profile-level-id=42e028;packetization-mode=1")));
    CHECK(H264Format::parse("profile-level-id=42e028;packetization-mode=1")->matches(unnamed));
    CHECK_FALSE(unnamed.matches(*H264Format::parse("profile-level-id=42e028")));
    CHECK_FALSE(H264Format::parse("profile-level-id=42e028")
                    ->matches(*H264Format::parse("profile-level-id=640028")));
}

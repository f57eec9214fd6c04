#include "signaling/conference/h264_format.h"

#include <catch2/catch.hpp>

using signaling::fmtp_parameter;
using signaling::H264Format;
using Profile = signaling::H264Format::Profile;

TEST_CASE("An fmtp parameter is found by name in any case and with spaces around it") {
    const char* fmtp = "profile-level-id=42e01f; Packetization-Mode = 1 ;max-fs=3600;flag";

    CHECK(fmtp_parameter(fmtp, "packetization-mode") == "1");
    CHECK(fmtp_parameter(fmtp, "max-fs") == "3600");
    CHECK(fmtp_parameter(fmtp, "flag") == "");
    CHECK_FALSE(fmtp_parameter(fmtp, "mode").has_value());
    CHECK_FALSE(fmtp_parameter("", "mode").has_value());
}

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

#include "common/fmtp.h"

#include <catch2/catch.hpp>

using common::fmtp_number;
using common::fmtp_parameter;

TEST_CASE("An fmtp parameter is found by name in any case and with blanks around it") {
    const char* fmtp = "profile-level-id=42e01f; Packetization-Mode = 1 ;max-fs=3600;flag";

    CHECK(fmtp_parameter(fmtp, "packetization-mode") == "1");
    CHECK(fmtp_parameter(fmtp, "max-fs") == "3600");
    CHECK(fmtp_parameter(fmtp, "flag") == "");
    CHECK_FALSE(fmtp_parameter(fmtp, "mode").has_value());
    CHECK_FALSE(fmtp_parameter("", "mode").has_value());
}

TEST_CASE("The value of an fmtp parameter keeps the padding of its base64") {
    CHECK(fmtp_parameter("sprop-parameter-sets=Z0LAH9o=,aM4PyA==;x=1", "sprop-parameter-sets") ==
          "Z0LAH9o=,aM4PyA==");
}

TEST_CASE("Of two fmtp parameters alike the first counts") {
    CHECK(fmtp_parameter("a=1;a=2", "a") == "1");
}

TEST_CASE("A number in an fmtp line is a whole one or none") {
    CHECK(fmtp_number("max-br = 768 ", "max-br") == 768);
    CHECK(fmtp_number("max-br=-5", "max-br") == -5);
    for (const char* none : {"max-br=many", "max-br=12k", "max-br=", "max-br",
                             "max-br=99999999999999999999", "other=1"}) {
        INFO(none);
        CHECK_FALSE(fmtp_number(none, "max-br").has_value());
    }
}

#include "common/fingerprint.h"

#include <catch2/catch.hpp>

using common::Fingerprint;

namespace {

// The example of RFC 8122 5.
const std::string kText =
    "sha-256 12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:"
    "7C:AB:4A:AD";

}  // namespace

TEST_CASE("A fingerprint is read, and said again as it was") {
    const auto fingerprint = Fingerprint::parse(kText);

    REQUIRE(fingerprint);
    CHECK(fingerprint->bytes.size() == 32);
    CHECK(fingerprint->bytes[0] == 0x12);
    CHECK(fingerprint->bytes[31] == 0xAD);
    CHECK(fingerprint->text() == kText);
}

TEST_CASE("Letters of a fingerprint count in either case") {
    std::string small = kText;
    for (char& c : small) c = static_cast<char>(std::tolower(c));
    small[0] = 'S';

    CHECK(Fingerprint::parse(small) == Fingerprint::parse(kText));
}

TEST_CASE("The longer hashes have more bytes") {
    for (const auto& [name, bytes] : {std::pair{"sha-384", 48}, std::pair{"sha-512", 64}}) {
        std::string text = std::string(name) + " AB";
        for (int i = 1; i < bytes; ++i) text += ":AB";
        REQUIRE(Fingerprint::parse(text));
        CHECK(Fingerprint::parse(text)->text() == text);
        CHECK_FALSE(Fingerprint::parse(text + ":AB"));
    }
}

TEST_CASE("What is no fingerprint of a hash that we trust is none") {
    for (const std::string& text :
         {std::string(), std::string("sha-256"), std::string("sha-256 "), std::string("sha-256 12"),
          kText.substr(0, kText.size() - 1), kText + " ", kText + ":AA", "md5 " + kText.substr(8),
          "sha-1 " + kText.substr(8, 59), "sha-384 " + kText.substr(8),
          "sha-256  " + kText.substr(8), "sha-256 1G" + kText.substr(10),
          "sha-256 12-" + kText.substr(11)}) {
        INFO(text);
        CHECK_FALSE(Fingerprint::parse(text));
    }
}

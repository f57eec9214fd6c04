#include "common/srtp_key.h"

#include <catch2/catch.hpp>
#include <vector>

using common::SrtpKey;
using common::SrtpSuite;

TEST_CASE("Each SRTP suite is known by its registered name, in either case") {
    for (const SrtpSuite suite : common::kSrtpSuites) {
        CHECK(common::srtp_suite_named(common::srtp_suite_name(suite)) == suite);
    }
    CHECK(common::srtp_suite_named("aead_aes_128_gcm") == SrtpSuite::AeadAes128Gcm);
    CHECK_FALSE(common::srtp_suite_named("AES_CM_128_HMAC_SHA1_32"));
    CHECK_FALSE(common::srtp_suite_named(""));
}

TEST_CASE("A key has the bytes of its suite: RFC 3711's 30, RFC 7714's 28 and 44") {
    CHECK(common::srtp_key_bytes(SrtpSuite::AesCm128HmacSha1_80) == 30);
    CHECK(common::srtp_key_bytes(SrtpSuite::AeadAes128Gcm) == 28);
    CHECK(common::srtp_key_bytes(SrtpSuite::AeadAes256Gcm) == 44);
}

TEST_CASE("Keys are equal when suite and bytes are") {
    const std::vector<std::uint8_t> bytes(44, 1);
    const std::vector<std::uint8_t> others(44, 2);
    const auto key = SrtpKey::of(SrtpSuite::AeadAes256Gcm, bytes);

    CHECK(key == SrtpKey::of(SrtpSuite::AeadAes256Gcm, bytes));
    CHECK_FALSE(key == SrtpKey::of(SrtpSuite::AeadAes256Gcm, others));
    CHECK_FALSE(SrtpKey().valid());
}

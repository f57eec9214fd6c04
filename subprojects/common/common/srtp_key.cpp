#include "common/srtp_key.h"

#include <string.h>

#include <algorithm>

namespace common {

namespace {

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

const char* srtp_suite_name(SrtpSuite suite) {
    switch (suite) {
        case SrtpSuite::AeadAes256Gcm:
            return "AEAD_AES_256_GCM";
        case SrtpSuite::AeadAes128Gcm:
            return "AEAD_AES_128_GCM";
        case SrtpSuite::AesCm128HmacSha1_80:
            break;
    }
    return "AES_CM_128_HMAC_SHA1_80";
}

std::optional<SrtpSuite> srtp_suite_named(std::string_view name) {
    for (const SrtpSuite suite : kSrtpSuites) {
        const std::string_view known = srtp_suite_name(suite);
        if (std::ranges::equal(name, known, {}, upper)) return suite;
    }
    return std::nullopt;
}

SrtpKey::~SrtpKey() {
    explicit_bzero(bytes_.data(), bytes_.size());
}

std::optional<SrtpKey> SrtpKey::of(SrtpSuite suite, std::span<const std::uint8_t> key_and_salt) {
    if (key_and_salt.size() != srtp_key_bytes(suite)) return std::nullopt;
    SrtpKey key;
    key.suite_ = suite;
    key.size_bytes_ = static_cast<std::uint8_t>(key_and_salt.size());
    std::ranges::copy(key_and_salt, key.bytes_.begin());
    return key;
}

}  // namespace common

#include "common/fingerprint.h"

#include <algorithm>
#include <array>
#include <utility>

namespace common {

namespace {

constexpr std::array<std::pair<std::string_view, Fingerprint::Hash>, 3> kHashes{
    {{"sha-256", Fingerprint::Hash::Sha256},
     {"sha-384", Fingerprint::Hash::Sha384},
     {"sha-512", Fingerprint::Hash::Sha512}}};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::optional<std::uint8_t> digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    return std::nullopt;
}

}  // namespace

std::size_t Fingerprint::bytes_of(Hash hash) {
    if (hash == Hash::Sha256) return 32;
    return hash == Hash::Sha384 ? 48 : 64;
}

std::optional<Fingerprint> Fingerprint::parse(std::string_view text) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(0, space);
    const auto known = std::ranges::find_if(
        kHashes, [&](const auto& h) { return std::ranges::equal(name, h.first, {}, lower); });
    if (known == kHashes.end()) return std::nullopt;

    Fingerprint fingerprint{known->second, {}};
    const std::size_t count = bytes_of(known->second);
    const std::string_view hex = text.substr(space + 1);
    if (hex.size() != 3 * count - 1) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
        const auto high = digit(hex[3 * i]);
        const auto low = digit(hex[3 * i + 1]);
        if (!high || !low) return std::nullopt;
        if (i + 1 < count && hex[3 * i + 2] != ':') return std::nullopt;
        fingerprint.bytes.push_back(static_cast<std::uint8_t>(*high << 4U | *low));
    }
    return fingerprint;
}

std::string Fingerprint::text() const {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string text(kHashes[static_cast<std::size_t>(hash)].first);
    char before = ' ';
    for (const std::uint8_t byte : bytes) {
        text += before;
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 0xFU];
        before = ':';
    }
    return text;
}

}  // namespace common

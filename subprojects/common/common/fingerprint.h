#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace common {

/// The hash of a certificate, by which a peer of DTLS is known (RFC 8122). SHA-1, MD5 and MD2 are
/// not among them: RFC 8122 5 forbids the older two, and SHA-1 is broken.
struct Fingerprint {
    enum class Hash : std::uint8_t { Sha256, Sha384, Sha512 };

    Hash hash = Hash::Sha256;
    std::vector<std::uint8_t> bytes;  ///< as many as the hash has

    /// "sha-256 4A:AD:…": letters alike in either case, one space, pairs of digits between colons.
    /// Nothing: another hash, or not of its length.
    [[nodiscard]] static std::optional<Fingerprint> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    [[nodiscard]] static std::size_t bytes_of(Hash hash);
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

}  // namespace common

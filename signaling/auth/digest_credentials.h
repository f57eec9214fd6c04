#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signaling {

enum class DigestAlgorithm : unsigned char { Sha256, Md5 };

/// An Authorization header, read: what its sender says to prove who it is (RFC 7616 3.4).
struct DigestCredentials {
    std::string username;
    std::string realm;
    std::string nonce;
    std::string uri;
    std::string response;  ///< hexadecimal
    DigestAlgorithm algorithm = DigestAlgorithm::Md5;
    std::string qop;  ///< empty: as RFC 2069 had it
    std::string cnonce;
    std::string nonce_count;  ///< eight hexadecimal digits
};

/// `Digest username="anna", realm="x", ...`; nothing when it is none, lacks a part, or names an
/// algorithm or protection that we did not offer.
[[nodiscard]] std::optional<DigestCredentials> parse_digest(std::string_view header);

/// Lower-case hexadecimal hash of `text`.
[[nodiscard]] std::string digest_hash(DigestAlgorithm algorithm, std::string_view text);

/// H(username:realm:password), which is all that is needed to judge.
[[nodiscard]] std::string digest_secret(DigestAlgorithm algorithm, std::string_view username,
                                        std::string_view realm, std::string_view password);

/// The response that fits the credentials (RFC 7616 3.4.1), for who holds `secret`.
[[nodiscard]] std::string expected_response(const DigestCredentials& credentials,
                                            std::string_view method, std::string_view secret);

}  // namespace signaling

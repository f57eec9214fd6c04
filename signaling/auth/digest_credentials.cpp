#include "signaling/auth/digest_credentials.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>

#include "common/invariant.h"

namespace signaling {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

void skip_blank(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

bool is_hex(std::string_view text, std::size_t digits) {
    return text.size() == digits &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A token, or a quoted-string with its escapes undone. Nothing: the quotation never ends.
std::optional<std::string> take_value(std::string_view& text) {
    if (!text.starts_with('"')) {
        const std::string_view token = text.substr(0, text.find_first_of(", \t\r\n"));
        text.remove_prefix(token.size());
        return std::string(token);
    }
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return value;
        }
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
    }
    return std::nullopt;
}

using Parameters = std::map<std::string, std::string>;

// `name=value, name="value"`; a name that comes twice is a lie.
std::optional<Parameters> parse_parameters(std::string_view text) {
    Parameters parameters;
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(", \t\r\n"), text.size()));
        if (text.empty()) return parameters;
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        std::string_view name = text.substr(0, equals);
        name = name.substr(0, name.find_last_not_of(kBlank) + 1);
        text.remove_prefix(equals + 1);
        skip_blank(text);
        auto value = take_value(text);
        if (!value || !parameters.emplace(lower(name), *std::move(value)).second) {
            return std::nullopt;
        }
    }
}

std::optional<DigestAlgorithm> algorithm_of(const Parameters& parameters) {
    const auto named = parameters.find("algorithm");
    if (named == parameters.end()) return DigestAlgorithm::Md5;  // RFC 7616 3.3
    const std::string name = lower(named->second);
    if (name == "sha-256") return DigestAlgorithm::Sha256;
    if (name == "md5") return DigestAlgorithm::Md5;
    return std::nullopt;
}

}  // namespace

std::optional<DigestCredentials> parse_digest(std::string_view header) {
    constexpr std::string_view kScheme = "digest";
    skip_blank(header);
    if (lower(header.substr(0, kScheme.size())) != kScheme) return std::nullopt;
    header.remove_prefix(kScheme.size());
    if (header.empty() || kBlank.find(header.front()) == std::string_view::npos) return {};
    auto parameters = parse_parameters(header);
    if (!parameters) return std::nullopt;
    const auto algorithm = algorithm_of(*parameters);
    if (!algorithm) return std::nullopt;

    auto& all = *parameters;
    DigestCredentials read{all["username"],   all["realm"],           all["nonce"],
                           all["uri"],        lower(all["response"]), *algorithm,
                           lower(all["qop"]), all["cnonce"],          lower(all["nc"])};
    const std::size_t digits = *algorithm == DigestAlgorithm::Md5 ? 32 : 64;
    if (read.username.empty() || read.nonce.empty() || read.uri.empty()) return std::nullopt;
    if (!is_hex(read.response, digits)) return std::nullopt;
    if (read.qop.empty()) return read;
    if (read.qop != "auth" || read.cnonce.empty() || !is_hex(read.nonce_count, 8)) return {};
    return read;
}

std::string digest_hash(DigestAlgorithm algorithm, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned int bytes = 0;
    const EVP_MD* kind = algorithm == DigestAlgorithm::Md5 ? EVP_md5() : EVP_sha256();
    const bool made = EVP_Digest(text.data(), text.size(), hash.data(), &bytes, kind, nullptr) == 1;
    INVARIANT(made);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (unsigned int i = 0; i < bytes; ++i) {
        hex += kDigits[hash[i] >> 4U];
        hex += kDigits[hash[i] & 15U];
    }
    return hex;
}

std::string digest_secret(DigestAlgorithm algorithm, std::string_view username,
                          std::string_view realm, std::string_view password) {
    std::string text(username);
    text.append(":").append(realm).append(":").append(password);
    return digest_hash(algorithm, text);
}

std::string expected_response(const DigestCredentials& c, std::string_view method,
                              std::string_view secret) {
    std::string request(method);
    request.append(":").append(c.uri);
    std::string text(secret);
    text.append(":").append(c.nonce);
    if (!c.qop.empty()) {
        text.append(":")
            .append(c.nonce_count)
            .append(":")
            .append(c.cnonce)
            .append(":")
            .append(c.qop);
    }
    text.append(":").append(digest_hash(c.algorithm, request));
    return digest_hash(c.algorithm, text);
}

}  // namespace signaling

#include "signaling/auth/join_token.h"

#include <jwt.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <utility>

namespace signaling {
namespace {

using Text = std::unique_ptr<char, decltype(&std::free)>;  // libjwt's
using Jwt = std::unique_ptr<jwt_t, decltype(&jwt_free)>;

constexpr std::array<std::pair<JoinRole, std::string_view>, 3> kRoles{
    {{JoinRole::Guest, "guest"}, {JoinRole::Moderator, "moderator"}, {JoinRole::Viewer, "viewer"}}};

tl::unexpected<TokenRefusal> bad(std::string text) {
    return tl::unexpected(TokenRefusal{TokenRefusal::Why::Bad, std::move(text)});
}

const unsigned char* bytes_of(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// RFC 7515 7.1: three parts of base64url between dots.
bool looks_like_jws(std::string_view text) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    return text.size() <= kLongestToken_bytes && std::ranges::count(text, '.') == 2 &&
           text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

enum class Claim : std::uint8_t { There, Absent, NoNumber };

// By its JSON, since libjwt's own getter says 0 of what is no integer.
Claim read_number(jwt_t* jwt, const char* claim, std::int64_t& number) {
    const Text json(jwt_get_grants_json(jwt, claim), std::free);
    if (json == nullptr) return Claim::Absent;
    const std::string_view text(json.get());
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stopped == end ? Claim::There : Claim::NoNumber;
}

std::string text_claim(jwt_t* jwt, const char* claim) {
    const char* value = jwt_get_grant(jwt, claim);
    return value == nullptr ? "" : value;
}

// RFC 7515 4.1.11: what must be understood, and is not, since we understand none.
bool has_critical_headers(jwt_t* jwt) {
    const Text value(jwt_get_headers_json(jwt, "crit"), std::free);
    return value != nullptr;
}

Jwt signed_by(const std::string& text, const std::string& key) {
    jwt_t* raw = nullptr;
    const bool read =
        jwt_decode(&raw, text.c_str(), bytes_of(key), static_cast<int>(key.size())) == 0;
    Jwt jwt(read ? raw : nullptr, jwt_free);
    // The algorithm is ours to choose, not the token's (RFC 8725 3.1): by HS256 our public key
    // would be the secret, and everybody has it.
    if (jwt != nullptr && jwt_get_alg(jwt.get()) != JWT_ALG_ES256) jwt.reset();
    return jwt;
}

std::string utc(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    std::array<char, 32> text{};
    if (gmtime_r(&time, &parts) == nullptr) return "another age";
    const std::size_t bytes =
        std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
    return {text.data(), bytes};
}

tl::expected<JoinToken, TokenRefusal> claims_of(jwt_t* jwt) {
    JoinToken token;
    token.room = text_claim(jwt, "room");
    if (token.room.empty()) return bad("the token names no room");
    const auto role = role_of_name(text_claim(jwt, "role"));
    if (!role) return bad("the token's role is none of guest, moderator, viewer");
    token.role = *role;
    token.name = text_claim(jwt, "name");
    if (read_number(jwt, "exp", token.expires_s) != Claim::There) {
        return bad("the token's exp is not a whole number of seconds: it must say when it expires");
    }
    return token;
}

}  // namespace

std::string_view role_name(JoinRole role) {
    return std::ranges::find(kRoles, role, &decltype(kRoles)::value_type::first)->second;
}

std::optional<JoinRole> role_of_name(std::string_view name) {
    const auto* found = std::ranges::find(kRoles, name, &decltype(kRoles)::value_type::second);
    return found == kRoles.end() ? std::nullopt : std::optional(found->first);
}

tl::expected<JoinToken, TokenRefusal> verify_join_token(std::string_view text, const JoinKeys& keys,
                                                        std::string_view room, std::int64_t now_s) {
    if (!looks_like_jws(text)) return bad("this is no token: expected a JWT");
    const std::string whole(text);
    Jwt jwt(nullptr, jwt_free);
    for (const std::string& key : keys.public_keys()) {
        jwt = signed_by(whole, key);
        if (jwt != nullptr) break;
    }
    if (jwt == nullptr) return bad("the token is not signed by ES256 with a key known here");
    if (has_critical_headers(jwt.get())) return bad("the token has crit, which is not known here");
    auto token = claims_of(jwt.get());
    if (!token) return token;
    if (token->room != room) return bad("the token is for another room");
    if (token->expires_s <= now_s) {
        return tl::unexpected(TokenRefusal{TokenRefusal::Why::Expired,
                                           "the token expired at " + utc(token->expires_s)});
    }
    if (token->expires_s > now_s + kLongestTokenLife_s) {
        return bad("the token is good for more than a day: expected a short-lived one");
    }
    std::int64_t not_before = now_s;
    if (read_number(jwt.get(), "nbf", not_before) == Claim::NoNumber) {
        return bad("the token's nbf is not a whole number of seconds");
    }
    if (not_before > now_s + kClockSkew_s) {
        return bad("the token is not good before " + utc(not_before));
    }
    return token;
}

common::Result<std::string> sign_join_token(const JoinToken& token,
                                            const std::string& signing_key) {
    jwt_t* raw = nullptr;
    const bool made = jwt_new(&raw) == 0;
    const Jwt jwt(made ? raw : nullptr, jwt_free);
    const bool filled =
        made && jwt_add_grant(raw, "room", token.room.c_str()) == 0 &&
        jwt_add_grant(raw, "role", std::string(role_name(token.role)).c_str()) == 0 &&
        (token.name.empty() || jwt_add_grant(raw, "name", token.name.c_str()) == 0) &&
        jwt_add_grant_int(raw, "exp", token.expires_s) == 0 &&
        jwt_set_alg(raw, JWT_ALG_ES256, bytes_of(signing_key),
                    static_cast<int>(signing_key.size())) == 0;
    const Text text(filled ? jwt_encode_str(raw) : nullptr, std::free);
    if (text == nullptr) {
        return common::fail(common::ErrorCode::InvalidArgument,
                            "no token can be signed: is all of it UTF-8?");
    }
    return std::string(text.get());
}

bool same_secret(std::string_view given, std::string_view expected) {
    // Of lengths it tells that they differ, of the text nothing.
    return given.size() == expected.size() &&
           CRYPTO_memcmp(given.data(), expected.data(), expected.size()) == 0;
}

}  // namespace signaling

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "common/result.h"
#include "signaling/auth/join_keys.h"

// Join tokens: who carries one may enter the room that it names, in the role that it names, for a
// short time. JSON Web Tokens (RFC 7519) signed by ES256 (RFC 7518 3.4) and by nothing else; read
// and written by libjwt. Pure.
namespace signaling {

enum class JoinRole : std::uint8_t { Guest, Moderator, Viewer };

/// "guest", "moderator", "viewer"; they stand in tokens and in docs/websocket.md.
[[nodiscard]] std::string_view role_name(JoinRole role);
[[nodiscard]] std::optional<JoinRole> role_of_name(std::string_view name);

/// The claims that count; others are not looked at. Times are seconds since 1970, UTC.
struct JoinToken {
    std::string room;  ///< "room": the room's id
    JoinRole role = JoinRole::Guest;
    std::string name;            ///< "name": what its carrier is called; empty: as they say
    std::int64_t expires_s = 0;  ///< "exp": not good from then on
    friend bool operator==(const JoinToken&, const JoinToken&) = default;
};

/// A token that is good for longer is no short-lived one, and is refused.
constexpr std::int64_t kLongestTokenLife_s = 86'400;
/// So far may the clock of who signs be ahead of ours where it says "nbf".
constexpr std::int64_t kClockSkew_s = 30;
constexpr std::size_t kLongestToken_bytes = 4096;

struct TokenRefusal {
    enum class Why : std::uint8_t {
        Bad,      ///< not a token, forged, of another room, or not good yet
        Expired,  ///< it was good
    };
    Why why = Why::Bad;
    std::string text;  ///< one sentence, for people; holds nothing of the token but times and names
};

/// The token for `room`, if one of `keys` signed it and it is good at `now_s`. The signature is
/// looked at first: of a forged token nothing is told but that.
[[nodiscard]] tl::expected<JoinToken, TokenRefusal> verify_join_token(std::string_view text,
                                                                      const JoinKeys& keys,
                                                                      std::string_view room,
                                                                      std::int64_t now_s);

/// Signs with what `read_signing_key` brought. Fails when a text is not UTF-8.
[[nodiscard]] common::Result<std::string> sign_join_token(const JoinToken& token,
                                                          const std::string& signing_key);

/// Compares without telling by its time how much was right.
[[nodiscard]] bool same_secret(std::string_view given, std::string_view expected);

}  // namespace signaling

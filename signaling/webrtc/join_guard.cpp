#include "signaling/webrtc/join_guard.h"

#include <arpa/inet.h>

#include <array>
#include <span>
#include <utility>

#include "signaling/conference/tokens.h"

namespace signaling {
namespace {

constexpr SourceLimiter::Options kWrongPins{.per_second = 1.0 / 12, .burst = 5};
constexpr int kNextPin_s = 12;

MessageSource source_of(const std::string& address) {
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return MessageSource::of(bytes);
    static_cast<void>(inet_pton(AF_INET, address.c_str(), bytes.data()));
    return MessageSource::of(std::span(bytes).first(4));
}

tl::unexpected<JoinRefusal> refuse(std::string code, std::string text, int retry_after_s = 0) {
    return tl::unexpected(JoinRefusal{std::move(code), std::move(text), retry_after_s});
}

}  // namespace

Credentials bearer_of(const WebRequest& request) {
    std::string_view rest = trim(request.header("authorization"));
    if (!equal_no_case(take_until(rest, ' '), "Bearer")) return {};
    const std::string bearer(trim(rest));
    const bool is_token = bearer.find('.') != std::string::npos;
    return is_token ? Credentials{bearer, ""} : Credentials{"", bearer};
}

WebResponse web_refusal(const JoinRefusal& refusal) {
    const bool later = refusal.code == "too_many";
    WebResponse response = web_problem(later ? 429 : 401, refusal.code, refusal.text);
    if (refusal.retry_after_s > 0) {
        response.headers.emplace_back("Retry-After", std::to_string(refusal.retry_after_s));
    }
    // RFC 6750 3.1: nothing but the challenge to who said nothing.
    const bool said_nothing = refusal.code.starts_with("need_");
    if (!later) {
        response.headers.emplace_back("WWW-Authenticate",
                                      said_nothing ? "Bearer" : "Bearer error=\"invalid_token\"");
    }
    return response;
}

JoinGuard::JoinGuard(FindRoom find_room, JoinKeys keys, UnixSeconds now_s,
                     const common::Clock& clock)
    : find_room_(std::move(find_room)),
      keys_(std::move(keys)),
      now_s_(std::move(now_s)),
      clock_(clock),
      wrong_pins_(kWrongPins) {}

tl::expected<Entrance, JoinRefusal> JoinGuard::check(const std::string& room_id,
                                                     const Credentials& given,
                                                     const std::string& source) {
    const auto room = find_room_(room_id);
    if (!room) return Entrance{};
    if (!given.token.empty()) {
        auto token = verify_join_token(given.token, keys_, room->id, now_s_());
        if (token) return Entrance{token->role, std::move(token->name)};
        const bool expired = token.error().why == TokenRefusal::Why::Expired;
        return refuse(expired ? "expired_token" : "bad_token", std::move(token.error().text));
    }
    if (!room->pin.empty()) return check_pin(given.pin, *room, source);
    if (room->token_required) return refuse("need_token", "this room wants a join token");
    return Entrance{};
}

tl::expected<Entrance, JoinRefusal> JoinGuard::check_pin(const std::string& pin,
                                                         const RoomSettings& room,
                                                         const std::string& source) {
    if (pin.empty()) {
        return refuse("need_pin", room.token_required ? "this room wants a join token or its PIN"
                                                      : "this room wants its PIN");
    }
    // Whoever guessed too often is not told either whether this guess is right.
    const MessageSource from = source_of(source);
    if (!wrong_pins_.has_token(from, clock_.now())) {
        return refuse("too_many", "too many wrong PINs from " + source, kNextPin_s);
    }
    if (same_secret(pin, room.pin)) return Entrance{};
    static_cast<void>(wrong_pins_.take(from, clock_.now()));
    return refuse("bad_pin", "this is not the room's PIN");
}

}  // namespace signaling

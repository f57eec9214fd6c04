#include "signaling/webrtc/join_guard.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/fake_clock.h"
#include "tests/unit/signaling/auth/join_tokens.h"

using namespace signaling;
using namespace join_tokens;
using namespace std::chrono_literals;

namespace {

constexpr const char* kRooms = R"(
[[room]]
id = "lobby"
[[room]]
id = "board"
token_required = true
[[room]]
id = "school"
pin = "4711"
[[room]]
id = "either"
token_required = true
pin = "4711"
)";

JoinKeys our_keys() {
    JoinKeys keys;
    REQUIRE(keys.add(kPublicKey));
    return keys;
}

struct Gate {
    /// The refusal's code; "" when let in.
    std::string tries(const std::string& room, const Credentials& given,
                      const std::string& source = "192.0.2.1") {
        const auto verdict = guard.check(room, given, source);
        return verdict ? "" : verdict.error().code;
    }

    Settings settings = *parse_settings(kRooms, "t.toml");
    std::int64_t now_s = kNow_s;
    tests::FakeClock clock;
    JoinGuard guard{[this](const std::string& id) { return find_room(settings, id); }, our_keys(),
                    [this] { return now_s; }, clock};
};

std::string header(const WebResponse& response, const std::string& name) {
    for (const auto& [each, value] : response.headers) {
        if (each == name) return value;
    }
    return "";
}

Credentials bearer(const std::string& authorization) {
    WebRequest request;
    request.headers["authorization"] = authorization;
    return bearer_of(request);
}

}  // namespace

TEST_CASE("Into an open room anybody comes by name, whatever PIN they type") {
    Gate gate;

    const auto entrance = gate.guard.check("lobby", {"", "1234"}, "192.0.2.1");

    REQUIRE(entrance);
    CHECK(entrance->role == JoinRole::Guest);
    CHECK(entrance->name.empty());
}

TEST_CASE("A token makes a moderator of its carrier, in the room it names") {
    Gate gate;

    const auto entrance = gate.guard.check("board", {kGood, ""}, "192.0.2.1");

    REQUIRE(entrance);
    CHECK(entrance->role == JoinRole::Moderator);
    CHECK(entrance->name == "Änne");
}

TEST_CASE("A room that wants a token is entered by no other means") {
    Gate gate;

    CHECK(gate.tries("board", {}) == "need_token");
    CHECK(gate.tries("board", {"", "4711"}) == "need_token");
    CHECK(gate.tries("board", {kOfAnotherKey, ""}) == "bad_token");
    gate.now_s += 600;
    CHECK(gate.tries("board", {kGood, ""}) == "expired_token");
}

TEST_CASE("A token of another room is bad in every room, open ones too") {
    Gate gate;

    CHECK(gate.tries("lobby", {kGood, ""}) == "bad_token");
    CHECK(gate.tries("either", {kGood, "4711"}) == "bad_token");
}

TEST_CASE("A PIN lets in, where there is one") {
    Gate gate;

    CHECK(gate.tries("school", {}) == "need_pin");
    CHECK(gate.tries("school", {"", "4712"}) == "bad_pin");
    CHECK(gate.tries("school", {"", "4711"}).empty());
    CHECK(gate.tries("either", {"", "4711"}).empty());
    CHECK(gate.guard.check("either", {}, "").error().text ==
          "this room wants a join token or its PIN");
}

TEST_CASE("Whoever guesses PINs is soon not told any more, and nobody else is kept out") {
    Gate gate;
    for (int i = 0; i < 5; ++i) REQUIRE(gate.tries("school", {"", "0000"}) == "bad_pin");

    const auto right = gate.guard.check("school", {"", "4711"}, "192.0.2.1");

    REQUIRE_FALSE(right);
    CHECK(right.error().code == "too_many");
    CHECK(right.error().retry_after_s == 12);
    CHECK(gate.tries("school", {"", "4711"}, "192.0.2.2").empty());
    CHECK(gate.tries("lobby", {}).empty());
    gate.clock.advance(12s);
    CHECK(gate.tries("school", {"", "4711"}).empty());
}

TEST_CASE("Right PINs are not counted: a whole school may sit behind one address") {
    Gate gate;

    for (int i = 0; i < 100; ++i) REQUIRE(gate.tries("school", {"", "4711"}).empty());
}

TEST_CASE("A /64 guesses as one") {
    Gate gate;
    for (int i = 0; i < 5; ++i) {
        REQUIRE(gate.tries("school", {"", "0000"}, "2001:db8::" + std::to_string(i)) == "bad_pin");
    }
    CHECK(gate.tries("school", {"", "4711"}, "2001:db8::ffff") == "too_many");
    CHECK(gate.tries("school", {"", "4711"}, "2001:db8:0:1::1").empty());
}

TEST_CASE("Of a room that is not there the guard says nothing") {
    Gate gate;

    CHECK(gate.tries("nowhere", {"rubbish", "1"}).empty());
}

TEST_CASE("New keys count from the moment they are set") {
    Gate gate;

    gate.guard.set_keys({});

    CHECK(gate.tries("board", {kGood, ""}) == "bad_token");
}

TEST_CASE("A bearer with dots is a token, one without is a PIN, and other schemes are nothing") {
    CHECK(bearer("Bearer a.b.c").token == "a.b.c");
    CHECK(bearer("bearer  a.b.c ").token == "a.b.c");
    CHECK(bearer("Bearer 4711").pin == "4711");
    for (const char* other : {"", "Bearer", "Basic YTpi", "Digest a.b.c", "Bearera.b.c"}) {
        CHECK(bearer(other).token.empty());
        CHECK(bearer(other).pin.empty());
    }
}

TEST_CASE("HTTP clients are challenged as RFC 6750 has it") {
    const auto need = web_refusal(JoinRefusal{"need_token", "x", 0});
    CHECK(need.status == 401);
    CHECK(header(need, "WWW-Authenticate") == "Bearer");
    CHECK(nlohmann::json::parse(need.body).at("code") == "need_token");
    const auto bad = web_refusal(JoinRefusal{"expired_token", "x", 0});
    CHECK(bad.status == 401);
    CHECK(header(bad, "WWW-Authenticate") == "Bearer error=\"invalid_token\"");
    const auto later = web_refusal(JoinRefusal{"too_many", "x", 12});
    CHECK(later.status == 429);
    CHECK(header(later, "Retry-After") == "12");
    CHECK(header(later, "WWW-Authenticate").empty());
}

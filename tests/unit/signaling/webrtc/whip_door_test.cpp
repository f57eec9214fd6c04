#include "signaling/webrtc/whip_door.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "signaling/conference/room_directory.h"
#include "signaling/sdp/sdp_parser.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_media_node.h"
#include "tests/support/main_loop.h"
#include "tests/unit/signaling/auth/join_tokens.h"
#include "tests/unit/signaling/sdp/browser_offers.h"

using namespace signaling;
using namespace std::chrono_literals;
using tests::run_until;

namespace {

constexpr const char* kFragment = "application/trickle-ice-sdpfrag";

std::string with(std::string text, const std::string& old, const std::string& now) {
    for (auto at = text.find(old); at != std::string::npos; at = text.find(old, at + now.size())) {
        text.replace(at, old.size(), now);
    }
    return text;
}

/// A signald of which only this door is there, before a media daemon in the test's hands.
struct House {
    explicit House(const WhipDoor::Options& options = {}, bool ice = true)
        : door(directory, options) {
        node.ice = ice;
        node.start(directory), node.run_all();
    }

    WebResponse ask(const std::string& method, const std::string& path,
                    const std::string& body = "", const std::string& type = "application/sdp",
                    BrowserUse use = BrowserUse::Publish) {
        WebRequest request;
        request.method = method;
        request.path = path;
        request.source = source;
        request.body = body;
        request.headers = {{"content-type", type}, {"user-agent", "a client"}};
        if (!if_match.empty()) request.headers["if-match"] = if_match;
        if (!name.empty()) request.query["name"] = name;
        if (!bearer.empty()) request.headers["authorization"] = "Bearer " + bearer;
        std::optional<WebResponse> answer;
        door.handle(use, request, [&](WebResponse response) { answer = std::move(response); });
        node.run_all();
        REQUIRE(answer);
        return *answer;
    }
    WebResponse publish() { return ask("POST", "/v1/whip/board", browser_offers::kChromium); }
    WebResponse watch() {
        return ask("POST", "/v1/whep/board", browser_offers::kChromium, "application/sdp",
                   BrowserUse::Watch);
    }
    [[nodiscard]] std::vector<SessionSpec> sessions() const {
        std::vector<SessionSpec> all;
        for (const auto& [instance, running] : node.conferences) {
            all.insert(all.end(), running.state.sessions.begin(), running.state.sessions.end());
        }
        return all;
    }

    std::string source = "127.0.0.1";
    std::string if_match;
    std::string name;
    std::string bearer;
    tests::FakeClock clock;
    tests::FakeMediaNode node;
    IdMaker ids{1, [] { return 1'700'000'000'000ULL; }};
    RoomDirectory directory{node, clock, ids,
                            *parse_settings("[[room]]\nid = \"board\"\n", "t.toml")};
    WhipDoor door;
};

std::string header(const WebResponse& response, const std::string& name) {
    for (const auto& [each, value] : response.headers) {
        if (each == name) return value;
    }
    return "";
}

/// "404 unknown_room"
std::string told(const WebResponse& response) {
    return std::to_string(response.status) + " " +
           nlohmann::json::parse(response.body).at("code").get<std::string>();
}

}  // namespace

TEST_CASE("Who publishes is in the room, by one transport, and is only received") {
    House house;
    house.name = "Anna";

    const auto answer = house.publish();

    CHECK(answer.status == 201);
    CHECK(answer.content_type == "application/sdp");
    CHECK(header(answer, "Location").starts_with("/v1/whip/board/"));
    CHECK(header(answer, "Location").size() == std::string("/v1/whip/board/").size() + 32);
    CHECK(header(answer, "ETag").size() == 18);
    const auto sessions = house.sessions();
    REQUIRE(sessions.size() == 1);
    CHECK(sessions[0].display_name == "Anna");
    CHECK(sessions[0].roles.empty());
    REQUIRE(sessions[0].bundle);
    const SessionBundle& bundle = *sessions[0].bundle;
    CHECK(bundle.remote == IceProof{"xA9c", "Mdsg4VwF1nxjiGvexG5iiQgd"});
    CHECK(bundle.local.ufrag.size() == 8);
    CHECK(bundle.local.pwd.size() == 32);
    CHECK(bundle.mids == std::vector<std::string>{"0", "1"});
    CHECK(bundle.extensions == SessionBundle::ExtensionIds{4, 1, 3});
    CHECK(bundle.transport_cc == std::set<std::string>{"0", "1"});
    CHECK(bundle.remote_ssrcs.at("0") == std::vector<std::uint32_t>{550670501});
    CHECK(bundle.remote_ssrcs.at("1").size() == 2);
    CHECK(bundle.rtx.at("1").at(108) == 109);
    CHECK_FALSE(bundle.rtx.contains("0"));
    REQUIRE(sessions[0].media.size() == 2);
    for (const SessionMedia& medium : sessions[0].media) {
        CHECK(medium.direction == MediaDirection::RecvOnly);
        CHECK(medium.security.kind == SessionSecurity::Kind::Dtls);
        CHECK(medium.security.fingerprints.size() == 1);
    }
    CHECK(house.directory.participant_count() == 1);
}

TEST_CASE("The answer has our side of ICE, DTLS and both media") {
    House house;

    const auto answer = parse_sdp(house.publish().body);
    const IceProof ours = house.sessions().at(0).bundle->local;

    REQUIRE(answer);
    REQUIRE(answer->media.size() == 2);
    const auto ice = ice_of(answer->media[0], *answer);
    REQUIRE(ice);
    CHECK(ice->lite);
    CHECK(ice->credentials == IceCredentials{ours.ufrag, ours.pwd});
    REQUIRE(ice->candidates.size() == 1);
    CHECK(ice->candidates[0].address == "192.0.2.9");
    CHECK(bundle_of(*answer) == std::vector<std::string>{"0", "1"});
    CHECK(answer->media[1].formats == std::vector<std::string>{"108", "109"});
    CHECK(find_attribute(answer->media[1].attributes, "recvonly") != nullptr);
    CHECK(find_attribute(answer->media[0].attributes, "setup")->value == "passive");
}

TEST_CASE("Who watches is only sent to") {
    House house;

    const auto answer = house.watch();

    CHECK(answer.status == 201);
    CHECK(header(answer, "Location").starts_with("/v1/whep/board/"));
    const std::vector<SessionSpec> sessions = house.sessions();
    REQUIRE(sessions.size() == 1);
    CHECK(sessions[0].display_name == "WHEP");
    CHECK(sessions[0].roles == std::vector<std::string>{"viewer"});
    for (const SessionMedia& medium : sessions[0].media) {
        CHECK(medium.direction == MediaDirection::SendOnly);
    }
}

TEST_CASE("Who publishes is told what came, where both can: so it learns how much it may send") {
    House house;
    const std::string usual = house.publish().body;
    const std::string without =
        house
            .ask("POST", "/v1/whip/board",
                 with(browser_offers::kChromium, "transport-wide-cc-extensions", "x"))
            .body;

    CHECK(usual.find("a=rtcp-fb:* transport-cc") != std::string::npos);
    CHECK(usual.find("transport-wide-cc-extensions") != std::string::npos);
    CHECK(without.find("transport-cc") == std::string::npos);
    CHECK(house.watch().body.find("transport-cc") == std::string::npos);
}

TEST_CASE("An address in front of a NAT stands in the candidates of its family") {
    House house({.public_address = "203.0.113.5"});

    const std::string answer = house.publish().body;

    CHECK(answer.find(" 203.0.113.5 ") != std::string::npos);
    CHECK(answer.find("192.0.2.9") == std::string::npos);
    CHECK(House({.public_address = "2001:db8::5"}).publish().body.find("192.0.2.9") !=
          std::string::npos);
}

TEST_CASE("DELETE ends the session, once") {
    House house;
    const std::string path = header(house.publish(), "Location");

    CHECK(house.ask("DELETE", path).status == 200);
    house.node.run_all();

    CHECK(house.sessions().empty());
    CHECK(house.directory.participant_count() == 0);
    CHECK(house.door.session_count() == 0);
    CHECK(told(house.ask("DELETE", path)) == "404 not_found");
}

TEST_CASE("Sessions have their own secrets") {
    House house;
    const std::string first = header(house.publish(), "Location");
    const std::string second = header(house.publish(), "Location");

    CHECK(first != second);
    CHECK(told(house.ask("DELETE", "/v1/whip/board/" + std::string(32, '0'))) == "404 not_found");
    house.ask("DELETE", first);
    CHECK(house.door.session_count() == 1);
}

TEST_CASE("Candidates that trickle are taken, a restart of ICE is not") {
    House house;
    const auto begun = house.publish();
    const std::string path = header(begun, "Location");
    const std::string known =
        "a=ice-ufrag:xA9c\r\na=ice-pwd:Mdsg4VwF1nxjiGvexG5iiQgd\r\nm=audio 9 RTP/AVP 0\r\n"
        "a=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.7 5004 typ host\r\n";

    CHECK(house.ask("PATCH", path, known, kFragment).status == 204);
    house.if_match = header(begun, "ETag");
    CHECK(house.ask("PATCH", path, known, kFragment).status == 204);
    house.if_match = "\"another\"";
    CHECK(told(house.ask("PATCH", path, known, kFragment)) == "412 wrong_etag");
    house.if_match = "*";
    CHECK(told(house.ask("PATCH", path, with(known, "xA9c", "zzzz"), kFragment)) ==
          "422 no_ice_restart");
    CHECK(told(house.ask("PATCH", path, known)) == "415 wrong_type");
    CHECK(house.door.session_count() == 1);
}

TEST_CASE("What is not taken at a path is told with what is") {
    House house;
    const std::string path = header(house.publish(), "Location");

    for (const char* method : {"GET", "PUT", "DELETE", "PATCH"}) {
        INFO(method);
        const auto answer = house.ask(method, "/v1/whip/board");
        CHECK(told(answer) == "405 method_not_allowed");
        CHECK(header(answer, "Allow") == "OPTIONS, POST");
    }
    CHECK(header(house.ask("OPTIONS", "/v1/whip/board"), "Accept-Post") == "application/sdp");
    CHECK(header(house.ask("GET", path), "Allow") == "DELETE, OPTIONS, PATCH");
    CHECK(house.ask("OPTIONS", path).status == 204);
    for (const char* nowhere : {"/v1/whip", "/v1/whip/", "/v1/whip/a b", "/v1/whip/a/b"}) {
        INFO(nowhere);
        CHECK(told(house.ask("POST", nowhere, browser_offers::kChromium)) == "404 not_found");
    }
}

TEST_CASE("What cannot be let in is refused in words, and leaves nothing behind") {
    House house;

    CHECK(told(house.ask("POST", "/v1/whip/nowhere", browser_offers::kChromium)) ==
          "404 unknown_room");
    CHECK(told(house.ask("POST", "/v1/whip/board", "v=0\r\n")) == "400 bad_sdp");
    const std::string foreign = with(with(browser_offers::kChromium, "H264/90000", "X264/90000"),
                                     "opus/48000", "sirup/48000");
    const std::string alien =
        with(with(with(foreign, "G722/8000", "G7X/8000"), "PCMU/8000", "PCMX/8000"), "PCMA/8000",
             "PCMY/8000");
    CHECK(told(house.ask("POST", "/v1/whip/board",
                         with(with(alien, " 9 0 8 13", " 9"), "VP8/90000", "VPX/90000"))) ==
          "406 nothing_in_common");
    house.node.refuse_sessions = "no port is free";
    CHECK(told(house.publish()) == "503 overloaded");
    house.node.lose(house.directory);
    CHECK(told(house.publish()) == "503 media_away");
    CHECK(house.door.session_count() == 0);
    CHECK(house.directory.participant_count() == 0);
}

TEST_CASE("A media daemon without ICE lets no browser in, and says why") {
    House house({}, false);

    const auto answer = house.publish();

    CHECK(told(answer) == "503 media_away");
    CHECK(answer.body.find("takes no media by ICE") != std::string::npos);
    CHECK(house.door.session_count() == 0);
}

TEST_CASE("Nobody has more sessions than are his, and all together have an end") {
    House house({.most_sessions = 3, .most_per_source = 2});
    house.publish();
    house.publish();

    CHECK(told(house.publish()) == "429 too_many");
    house.source = "127.0.0.2";
    CHECK(house.publish().status == 201);
    const auto full = house.publish();
    CHECK(told(full) == "503 overloaded");
    CHECK(header(full, "Retry-After") == "30");
}

TEST_CASE("An IPv6 source is counted by its /64") {
    House house({.most_per_source = 1});
    house.source = "2001:db8::1";
    CHECK(house.publish().status == 201);

    house.source = "2001:db8::2";
    CHECK(told(house.publish()) == "429 too_many");
    house.source = "2001:db8:0:1::1";
    CHECK(house.publish().status == 201);
}

TEST_CASE("Who is removed from the room has no session any more") {
    House house;
    const std::string path = header(house.publish(), "Location");
    Conference* conference = house.directory.conference("board");
    REQUIRE(conference != nullptr);

    conference->kick(house.sessions()[0].id, "too loud", [](const common::Result<void>&) {});
    house.node.run_all();

    CHECK(run_until([&] { return house.door.session_count() == 0; }));
    CHECK(house.directory.participant_count() == 0);
    CHECK(told(house.ask("DELETE", path)) == "404 not_found");
}

TEST_CASE("A media daemon that was restarted ends the session: its client offers anew") {
    House house;
    house.publish();

    house.node.restart(house.directory);
    house.node.run_all();

    CHECK(run_until([&] {
        house.node.run_all();
        return house.door.session_count() == 0;
    }));
    CHECK(house.directory.participant_count() == 0);
    CHECK(house.publish().status == 201);
}

TEST_CASE("A door that is gone is not called back") {
    auto house = std::make_unique<House>();
    house->publish();
    Conference* conference = house->directory.conference("board");
    conference->kick(std::nullopt, "all out", [](const common::Result<void>&) {});

    house.reset();

    while (g_main_context_iteration(nullptr, FALSE) != FALSE) continue;
    SUCCEED("nothing was called that is gone");
}

namespace {

/// The same, where the room wants a token or its PIN.
struct GuardedHouse {
    GuardedHouse() : house(options()) {
        house.directory.reload(*parse_settings(
            "[[room]]\nid = \"board\"\ntoken_required = true\npin = \"4711\"\n", "t.toml"));
    }
    WhipDoor::Options options() {
        WhipDoor::Options options;
        options.guard = &guard;
        return options;
    }
    static JoinKeys keys() {
        JoinKeys keys;
        REQUIRE(keys.add(join_tokens::kPublicKey));
        return keys;
    }
    static std::string token(JoinRole role) {
        const JoinToken token{"board", role, "Petra", join_tokens::kNow_s + 60};
        return *sign_join_token(token, join_tokens::kPrivateKey);
    }

    tests::FakeClock clock;
    JoinGuard guard{[this](const std::string& id) { return house.directory.room(id); }, keys(),
                    [] { return join_tokens::kNow_s; }, clock};
    House house;
};

}  // namespace

TEST_CASE("Who shows nothing, or something forged, is told what is wanted and is not let in") {
    GuardedHouse guarded;

    const auto nothing = guarded.house.publish();
    CHECK(told(nothing) == "401 need_pin");
    CHECK(header(nothing, "WWW-Authenticate") == "Bearer");
    CHECK(told(guarded.house.watch()) == "401 need_pin");
    guarded.house.bearer = join_tokens::kOfAnotherKey;
    CHECK(told(guarded.house.publish()) == "401 bad_token");
    guarded.house.bearer = "0000";
    CHECK(told(guarded.house.publish()) == "401 bad_pin");
    CHECK(guarded.house.directory.participant_count() == 0);
    CHECK(guarded.house.door.session_count() == 0);
}

TEST_CASE("A bearer token lets in, under the name that stands in it") {
    GuardedHouse guarded;
    guarded.house.name = "Mallory";
    guarded.house.bearer = GuardedHouse::token(JoinRole::Guest);

    CHECK(guarded.house.publish().status == 201);
    CHECK(guarded.house.sessions().at(0).display_name == "Petra");
}

TEST_CASE("A client that can say a bearer and nothing else says the PIN by it") {
    GuardedHouse guarded;
    guarded.house.name = "OBS";
    guarded.house.bearer = "4711";

    CHECK(guarded.house.publish().status == 201);
    CHECK(guarded.house.sessions().at(0).display_name == "OBS");
}

TEST_CASE("Who may only watch does not publish") {
    GuardedHouse guarded;
    guarded.house.bearer = GuardedHouse::token(JoinRole::Viewer);

    CHECK(told(guarded.house.publish()) == "403 forbidden");
    CHECK(guarded.house.watch().status == 201);
}

TEST_CASE("A door without a guard opens open rooms alone") {
    House house;
    house.directory.reload(*parse_settings("[[room]]\nid = \"board\"\npin = \"4711\"\n", "t.toml"));

    CHECK(told(house.publish()) == "403 forbidden");
}

#include "signaling/config/settings.h"

#include <catch2/catch.hpp>

using namespace signaling;

namespace {

std::string error_of(std::string_view text) {
    const auto settings = parse_settings(text, "t.toml");
    REQUIRE_FALSE(settings);
    return settings.error().message;
}

}  // namespace

TEST_CASE("An empty configuration file gives the embedded defaults") {
    const auto settings = parse_settings("", "t.toml");

    REQUIRE(settings);
    CHECK(settings->sip.size() == 4);
    CHECK(to_string(settings->api) == "127.0.0.1:8060");
    CHECK(settings->media_timeout == std::chrono::seconds(60));
    CHECK_FALSE(settings->auto_create);
    CHECK(settings->rooms.empty());
}

TEST_CASE("A full configuration is read as it is written") {
    const auto settings = parse_settings(R"(
[signald]
sip = ["udp:192.0.2.1:5060", "tcp:[2001:db8::1]:5070"]
api = "[::1]:9000"
token_file = "/etc/tessera/token"
mcud = "unix:/run/tessera/mcud.sock"
log_level = "debug"
media_timeout_s = 30
[mcud]
whatever = "belongs to the media daemon"
[rungs]
anything = 1
[template]
auto_create = true
max_participants = 4
[[room]]
id = "board"
name = "The board"
layout = "1+5"
max_participants = 9
self_view = "hide"
max_size = "1920x1080"
)",
                                         "t.toml");

    REQUIRE(settings);
    REQUIRE(settings->sip.size() == 2);
    CHECK(to_string(settings->sip[0]) == "udp:192.0.2.1:5060");
    CHECK(to_string(settings->sip[1]) == "tcp:[2001:db8::1]:5070");
    CHECK(settings->api == ListenAddress{"::1", 9000});
    CHECK(settings->token_file == "/etc/tessera/token");
    CHECK(settings->mcud == "unix:/run/tessera/mcud.sock");
    CHECK(settings->log_level == "debug");
    CHECK(settings->media_timeout == std::chrono::seconds(30));
    CHECK(settings->auto_create);
    REQUIRE(settings->rooms.size() == 1);
    CHECK(settings->rooms[0] ==
          RoomSettings{"board", "The board", "1+5", 9, SelfView::Hide, {1920, 1080}});
}

TEST_CASE("A duplicate room id is named with both places") {
    CHECK(error_of("[[room]]\nid = \"a\"\n[[room]]\nid = \"a\"\n") ==
          "t.toml:4:6: id: found \"a\" a second time, expected each room once; the first is in "
          "line 1");
}

TEST_CASE("An unknown key in any section is named") {
    CHECK(error_of("[signald]\nsipp = []\n")
              .starts_with("t.toml:2:1: unknown key 'sipp'; known here: api"));
    CHECK(error_of("[[room]]\nid = \"a\"\nlayuot = \"x\"\n")
              .starts_with("t.toml:3:1: unknown key 'layuot'"));
    CHECK(error_of("[rooms]\n").find("unknown key 'rooms'") != std::string::npos);
    CHECK(error_of("[template]\nid = \"a\"\n").find("unknown key 'id'") != std::string::npos);
}

TEST_CASE("Bad values are named with what was expected") {
    CHECK(error_of("[signald]\nsip = [\"udp:0.0.0.0:5060\", \"tls:0.0.0.0:5061\"]\n") ==
          "t.toml:2:28: sip: found \"tls:0.0.0.0:5061\", expected udp: or tcp:, a numeric address "
          "and a port, such as "
          "udp:0.0.0.0:5060");
    CHECK(error_of("[signald]\napi = \"0.0.0.0:80\"\n") ==
          "t.toml:2:7: api: found \"0.0.0.0:80\", expected a loopback address and a port, such as "
          "127.0.0.1:8060");
    CHECK(error_of("[signald]\npublic_address = \"here\"\n").find("expected a numeric address") !=
          std::string::npos);
    CHECK(error_of("[signald]\nmcud = \"/run/x\"\n").find("expected unix: and the path") !=
          std::string::npos);
    CHECK(error_of("[[room]]\nname = \"x\"\n") == "t.toml:1:1: 'id' is missing");
    CHECK(error_of("[[room]]\nid = \"a b\"\n").find("expected 1 to 64 letters") !=
          std::string::npos);
    CHECK(error_of("[[room]]\nid = \"\"\n").find("expected 1 to 64 letters") != std::string::npos);
    CHECK(
        error_of("[[room]]\nid = \"a\"\nself_view = \"no\"\n").find("one of layout, show, hide") !=
        std::string::npos);
}

TEST_CASE("Listeners that cannot be are refused") {
    for (const std::string listener :
         {"udp:", "udp:0.0.0.0", "udp:0.0.0.0:", "udp:0.0.0.0:0", "udp:0.0.0.0:65536", "udp:::5060",
          "udp:[0.0.0.0]:1", "udp:host:5060", "udp:1.2.3.4:5060x", "udp:[::1:5060"}) {
        INFO(listener);
        CHECK_FALSE(parse_settings("[signald]\nsip = \"" + listener + "\"\n", "t.toml"));
    }
    CHECK(error_of("[signald]\nsip = []\n").find("at least one listener") != std::string::npos);
    CHECK(error_of("[signald]\nsip = [\"udp:[::]:1\", \"udp:[::]:1\"]\n").find("a second time") !=
          std::string::npos);
}

TEST_CASE("Picture sizes are even and within what we decode") {
    for (const std::string size : {"1280", "x720", "1280x", "1281x720", "1280x721", "100x90",
                                   "3840x2160", "axb", "1280x720p"}) {
        INFO(size);
        CHECK_FALSE(
            parse_settings("[[room]]\nid = \"a\"\nmax_size = \"" + size + "\"\n", "t.toml"));
    }
    CHECK(parse_settings("[[room]]\nid = \"a\"\nmax_size = \"640x360\"\n", "t.toml"));
}

TEST_CASE("All mistakes are reported at once") {
    const std::string message =
        error_of("[signald]\nmedia_timeout_s = 0\nlog_level = 3\n[[room]]\nid = 5\nx = 1\n");

    CHECK(std::count(message.begin(), message.end(), '\n') == 4);
}

TEST_CASE("Only described rooms exist, unless rooms are made from the template") {
    auto settings =
        *parse_settings("[template]\nmax_participants = 3\n[[room]]\nid = \"a\"\n", "t.toml");

    CHECK(find_room(settings, "a")->max_participants == 50);
    CHECK_FALSE(find_room(settings, "b"));
    settings.auto_create = true;
    CHECK(find_room(settings, "b")->max_participants == 3);
    CHECK(find_room(settings, "b")->name == "b");
    CHECK_FALSE(find_room(settings, "not a room id"));
}

TEST_CASE("A reload names the settings that need a restart") {
    const auto running = *parse_settings("", "t.toml");
    const auto rooms_only =
        *parse_settings("[signald]\nmedia_timeout_s = 9\n[[room]]\nid = \"a\"\n", "t.toml");
    const auto moved = *parse_settings(
        "[signald]\nsip = \"udp:0.0.0.0:1\"\napi = \"127.0.0.1:1\"\ntoken_file = \"t\"\nmcud = "
        "\"unix:x\"\n",
        "t.toml");

    CHECK(needs_restart(running, rooms_only).empty());
    CHECK(needs_restart(running, moved) == std::vector<std::string>{"signald.sip", "signald.api",
                                                                    "signald.token_file",
                                                                    "signald.mcud"});
}

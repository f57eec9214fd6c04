#include "signaling/config/settings.h"

#include <catch2/catch.hpp>

using namespace signaling;

namespace {

std::string error_of(std::string_view text) {
    const auto settings = parse_settings(text, "t.toml");
    REQUIRE_FALSE(settings);
    return settings.error().message;
}

using Names = std::vector<std::string>;

Names names(const Settings& settings) {
    Names all;
    for (const auto& listener : settings.listeners) {
        for (const auto& name : names_of(listener)) all.push_back(name);
    }
    return all;
}

}  // namespace

TEST_CASE("An empty configuration file gives the embedded defaults") {
    const auto settings = parse_settings("", "t.toml");

    REQUIRE(settings);
    CHECK(names(*settings) == Names{"udp:0.0.0.0:5060", "tcp:0.0.0.0:5060", "tls:0.0.0.0:5061",
                                    "udp:[::]:5060", "tcp:[::]:5060", "tls:[::]:5061"});
    CHECK(settings->make_certificate);
    CHECK(to_string(settings->api) == "127.0.0.1:8060");
    CHECK_FALSE(settings->https);
    CHECK(settings->media_timeout == std::chrono::seconds(60));
    CHECK(settings->hold_timeout == std::chrono::minutes(30));
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
hold_timeout_s = 600
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
noise_suppression = false
level_voices = false
)",
                                         "t.toml");

    REQUIRE(settings);
    CHECK(names(*settings) == Names{"udp:192.0.2.1:5060", "tcp:[2001:db8::1]:5070"});
    CHECK(settings->api == ListenAddress{"::1", 9000});
    CHECK(settings->token_file == "/etc/tessera/token");
    CHECK(settings->mcud == "unix:/run/tessera/mcud.sock");
    CHECK(settings->log_level == "debug");
    CHECK(settings->media_timeout == std::chrono::seconds(30));
    CHECK(settings->hold_timeout == std::chrono::seconds(600));
    CHECK(settings->auto_create);
    REQUIRE(settings->rooms.size() == 1);
    CHECK(
        settings->rooms[0] ==
        RoomSettings{
            "board", "The board", "1+5", 9, SelfView::Hide, {1920, 1080}, false, false, false, ""});
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
    CHECK(error_of("[signald]\nsip = [\"udp:0.0.0.0:5060\", \"ws:0.0.0.0:5061\"]\n") ==
          "t.toml:2:28: sip: found \"ws:0.0.0.0:5061\", expected udp:, tcp: or tls:, a numeric "
          "address and a port, such as "
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

TEST_CASE("UDP and TCP at one address are one listener, whoever comes first") {
    const auto settings = parse_settings(
        "[signald]\nsip = [\"tcp:[::1]:1\", \"tls:[::1]:2\", \"udp:[::1]:1\"]\n", "t.toml");

    REQUIRE(settings);
    REQUIRE(settings->listeners.size() == 2);
    CHECK(names_of(settings->listeners[0]) == Names{"tcp:[::1]:1", "udp:[::1]:1"});
    CHECK(error_of("[signald]\nsip = [\"tcp:[::]:1\", \"tls:[::]:1\"]\n").find("second time") !=
          std::string::npos);
}

TEST_CASE("A listener's table says all that holds for who calls there") {
    const auto settings = parse_settings(R"(
[signald]
certificate_file = "/etc/tessera/cert.pem"
private_key_file = "/etc/tessera/key.pem"
[[signald.listener]]
transport = "tls"
address = "192.0.2.1"
public_address = "203.0.113.5"
media_encryption = "required"
digest_users_file = "/etc/tessera/users"
digest_realm = "example.org"
digest_algorithms = "MD5"
[[signald.listener]]
port = 5070
)",
                                         "t.toml");

    REQUIRE(settings);
    REQUIRE(settings->listeners.size() == 2);
    CHECK(settings->listeners[0] == ListenerSettings{{SipTransport::Tls},
                                                     {"192.0.2.1", 5061},
                                                     "203.0.113.5",
                                                     MediaEncryption::Required,
                                                     "/etc/tessera/users",
                                                     "example.org",
                                                     {"MD5"}});
    CHECK(names_of(settings->listeners[1]) == Names{"udp:0.0.0.0:5070", "tcp:0.0.0.0:5070"});
    CHECK(settings->listeners[1].media_encryption == MediaEncryption::Optional);
    CHECK_FALSE(settings->make_certificate);
}

TEST_CASE("Tables come on top of the short form") {
    const auto settings = parse_settings(
        "[signald]\nsip = \"udp:127.0.0.1:1\"\n[[signald.listener]]\nport = 2\n", "t.toml");

    REQUIRE(settings);
    CHECK(names(*settings) == Names{"udp:127.0.0.1:1", "udp:0.0.0.0:2", "tcp:0.0.0.0:2"});
}

TEST_CASE("Mistakes in a listener's table are named") {
    const auto mistake = [](const std::string& line) {
        return error_of("[signald]\n[[signald.listener]]\n" + line + "\n");
    };
    const auto has = [](const std::string& text, const std::string& part) {
        INFO(text);
        CHECK(text.find(part) != std::string::npos);
    };
    has(mistake("transport = \"sctp\""), "t.toml:3:13: transport: found \"sctp\", expected one of");
    has(mistake("transport = [\"udp\", \"tls\"]"), "or \"tls\" alone");
    has(mistake("transport = [\"udp\", \"udp\"]"), "\"udp\" a second time");
    has(mistake("transport = []"), "expected \"udp\"");
    has(mistake("address = \"here\""), "expected a numeric address");
    has(mistake("port = 0"), "from 1 to 65535");
    has(mistake("media_encryption = \"yes\""), "one of off, optional, required");
    has(mistake("public_address = \"2001:db8::1\""), "of the same family");
    has(mistake("digest_users_file = \"\""), "expected the path of a file");
    has(mistake("digest_users_file = \"x\"\ndigest_realm = 'a\"b'"), "without quotation marks");
    has(mistake("digest_realm = \"x\""), "'digest_users_file' is missing");
    has(mistake("digest_users_file = \"x\"\ndigest_algorithms = \"SHA1\""),
        "found \"SHA1\", expected SHA-256 or MD5");
    has(mistake("realm = \"x\""), "unknown key 'realm'");
    has(mistake("port = 7\n[[signald.listener]]\nport = 7"), "found 0.0.0.0:7 a second time");
    has(error_of("[signald]\ncertificate_file = \"c.pem\"\n"), "'private_key_file' is missing");
}

TEST_CASE("Picture sizes are even and within what we decode") {
    for (const std::string size : {"1280", "x720", "1280x", "1281x720", "1280x721", "100x90",
                                   "1200x1200", "3840x2160", "axb", "1280x720p"}) {
        INFO(size);
        CHECK_FALSE(
            parse_settings("[[room]]\nid = \"a\"\nmax_size = \"" + size + "\"\n", "t.toml"));
    }
    CHECK(parse_settings("[[room]]\nid = \"a\"\nmax_size = \"640x360\"\n", "t.toml"));
    CHECK(parse_settings("[[room]]\nid = \"a\"\nmax_size = \"720x1280\"\n", "t.toml"));
}

TEST_CASE("All mistakes are reported at once") {
    const std::string message =
        error_of("[signald]\nmedia_timeout_s = 0\nlog_level = 3\n[[room]]\nid = 5\nx = 1\n");

    CHECK(std::count(message.begin(), message.end(), '\n') == 4);
}

TEST_CASE("The limits of SIP are small unless they are raised, and a change needs a restart") {
    const auto usual = *parse_settings("", "t.toml");
    const auto raised = *parse_settings(
        "[signald]\nrequests_per_second = 500\nrequest_burst = 1000\nmax_unadmitted_calls = 300\n"
        "max_message_bytes = 8192\nmax_connections = 50\nmax_connections_per_source = 5\n"
        "connection_idle_s = 60\n",
        "t.toml");

    CHECK(usual.limits == SipLimits{20, 60, 200, 65536, 500, 100, std::chrono::seconds(180)});
    CHECK(raised.limits == SipLimits{500, 1000, 300, 8192, 50, 5, std::chrono::seconds(60)});
    CHECK(needs_restart(usual, raised).size() == 1);
    CHECK(error_of("[signald]\nrequest_burst = 0\n").find("1 to") != std::string::npos);
    CHECK(error_of("[signald]\nmax_message_bytes = 100\n").find("4096") != std::string::npos);
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

TEST_CASE("A room may want a token, a PIN, or either; and is open unless it does") {
    const auto settings = parse_settings(R"(
[signald]
token_file = "/etc/tessera/api.token"
join_keys = ["/etc/tessera/portal.pem", "more.pem"]
[[room]]
id = "open"
[[room]]
id = "board"
token_required = true
[[room]]
id = "school"
pin = "4711a"
[template]
pin = "0000"
)",
                                         "t.toml");

    REQUIRE(settings);
    CHECK(settings->join_keys == Names{"/etc/tessera/portal.pem", "more.pem"});
    CHECK(own_join_key(settings->token_file) == "/etc/tessera/join_key.pem");
    CHECK_FALSE(is_guarded(*find_room(*settings, "open")));
    CHECK(is_guarded(*find_room(*settings, "board")));
    CHECK(find_room(*settings, "school")->pin == "4711a");
    CHECK(is_guarded(settings->room_template));
}

TEST_CASE("A PIN that nobody can type, or everybody guesses, is no PIN") {
    for (const char* pin : {"", "123", "12 34", "1234.", "0123456789012345678901234567890123"}) {
        const auto error = error_of("[[room]]\nid = \"a\"\npin = \"" + std::string(pin) + "\"\n");
        CHECK(error.find("expected 4 to 32 letters and digits") != std::string::npos);
    }
    CHECK(error_of("[signald]\njoin_keys = [\"\"]\n").find("the path of a PEM file") !=
          std::string::npos);
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
    CHECK(needs_restart(running, moved) ==
          std::vector<std::string>{"signald.sip or signald.listener", "signald.api",
                                   "signald.token_file", "signald.mcud"});
}

TEST_CASE("Metrics are told on loopback, elsewhere when asked, or nowhere") {
    const auto usual = parse_settings("", "t.toml");
    const auto open = parse_settings("[signald]\nmetrics = \"[::]:9100\"\n", "t.toml");
    const auto off = parse_settings("[signald]\nmetrics = \"off\"\n", "t.toml");
    REQUIRE((usual && open && off));

    CHECK(to_string(*usual->metrics) == "127.0.0.1:8062");
    CHECK(to_string(*open->metrics) == "[::]:9100");
    CHECK_FALSE(off->metrics);
    CHECK(needs_restart(*usual, *off) == Names{"signald.metrics"});
    CHECK_THAT(error_of("[signald]\nmetrics = \"on\"\n"), Catch::Contains("127.0.0.1:8062"));
}

TEST_CASE("Browsers are listened for where the file says so") {
    const auto settings = parse_settings(
        "[signald]\nhttps = \"[::1]:8443\"\npage = \"/usr/share/tessera/page\"\n", "t.toml");

    REQUIRE(settings);
    CHECK(to_string(*settings->https) == "[::1]:8443");
    CHECK(settings->page_folder == "/usr/share/tessera/page");
    CHECK(error_of("[signald]\nhttps = \"localhost:8443\"\n") ==
          "t.toml:2:9: https: found \"localhost:8443\", expected an address and a port, "
          "such as 0.0.0.0:8443, or off");
}

TEST_CASE("Another address for browsers needs a restart, another page does not") {
    const auto running = parse_settings("", "t.toml").value();
    const auto read =
        parse_settings("[signald]\nhttps = \"127.0.0.1:8443\"\npage = \"page\"\n", "t.toml")
            .value();

    CHECK(needs_restart(running, read) == std::vector<std::string>{"signald.https"});
}

TEST_CASE(
    "Records are kept in SQLite, PostgreSQL or nowhere, and a change of that needs a restart") {
    const auto usual = parse_settings("", "t.toml");
    const auto off = parse_settings("[signald]\nmetadata = \"off\"", "t.toml");
    const auto file = parse_settings("[signald]\nmetadata = \"sqlite:/x/y.db\"", "t.toml");
    const auto wrong = parse_settings("[signald]\nmetadata = \"oracle:x\"", "t.toml");

    CHECK(usual->metadata.empty());
    CHECK(off->metadata == "off");
    CHECK(file->metadata == "sqlite:/x/y.db");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().message.find("expected sqlite:PATH, postgresql://... or off") !=
          std::string::npos);
    CHECK(needs_restart(*usual, *off) == std::vector<std::string>{"signald.metadata"});
}

#include "mcu/config/mcud_config.h"

#include <catch2/catch.hpp>
#include <chrono>

using Catch::Matchers::Contains;
using mcu::parse_mcud_config;

TEST_CASE("An empty file means the embedded defaults") {
    const auto config = parse_mcud_config("", "tessera.toml");

    REQUIRE(config);
    CHECK(config->first_media_port == 20000);
    CHECK(config->rungs.size() == mixer::default_rungs().size());
}

TEST_CASE("The media daemon takes its own section and leaves the others alone") {
    const auto config = parse_mcud_config(R"(
auto_create = true
[signald]
whatever = 1
[[room]]
id = "a"
[mcud]
control = "unix:/run/t.sock"
media_ports = "30000-30099"
media_address = "::1"
net_threads = 2
log_level = "debug"
)",
                                          "tessera.toml");

    REQUIRE(config);
    CHECK(config->control == "unix:/run/t.sock");
    CHECK(config->first_media_port == 30000);
    CHECK(config->last_media_port == 30099);
    CHECK(config->media_address == "::1");
    CHECK(config->net_threads == 2);
}

TEST_CASE("Rungs of the file replace the table, best first") {
    const auto config = parse_mcud_config(R"(
[[rungs]]
name = "small"
size = "320x180"
fps = 15
bitrate_kbps = 80
[[rungs]]
name = "big"
size = "1280x720"
bitrate_kbps = 1000
)",
                                          "tessera.toml");

    REQUIRE(config);
    REQUIRE(config->rungs.size() == 2);
    CHECK(config->rungs[0].name == "big");
    CHECK(config->rungs[0].frames_per_second == 30);
    CHECK(config->rungs[1].size == common::PictureSize{320, 180});
}

TEST_CASE("Every mistake is named with its line") {
    const auto config = parse_mcud_config(R"([mcud]
control = "tcp:1.2.3.4:5"
media_ports = "50-40"
media_address = "example.org"
net_threads = 0
port = 5
[[rungs]]
name = "x"
size = "1281x720"
fps = 7
bitrate_kbps = 100
)",
                                          "tessera.toml");

    REQUIRE_FALSE(config);
    const std::string message = config.error().message;
    for (const char* line : {"tessera.toml:2", "tessera.toml:3", "tessera.toml:4", "tessera.toml:5",
                             "tessera.toml:6", "tessera.toml:9", "tessera.toml:10"}) {
        CHECK_THAT(message, Contains(line));
    }
    CHECK_THAT(message, Contains("port"));
}

TEST_CASE("How long a meeting may be without a signalling daemon can be said") {
    CHECK(mcu::parse_mcud_config("", "t.toml")->orphan_timeout == std::chrono::seconds(120));
    CHECK(mcu::parse_mcud_config("[mcud]\norphan_timeout_s = 7\n", "t.toml")->orphan_timeout ==
          std::chrono::seconds(7));
}

TEST_CASE("The load limit is a share of the cores, and by default there is none") {
    CHECK(parse_mcud_config("", "t")->load_limit == 1);
    CHECK(parse_mcud_config("[mcud]\nload_limit_percent = 60", "t")->load_limit == Approx(0.6));
    CHECK_FALSE(parse_mcud_config("[mcud]\nload_limit_percent = 101", "t"));
}

TEST_CASE("Metrics are on a loopback port, on another one, or off") {
    CHECK(parse_mcud_config("", "t.toml")->metrics_port == 8061);
    CHECK(parse_mcud_config("[mcud]\nmetrics = \"off\"\n", "t.toml")->metrics_port == 0);
    const auto moved = parse_mcud_config("[mcud]\nmetrics = \"[::1]:9000\"\n", "t.toml");
    REQUIRE(moved);
    CHECK(moved->metrics_host == "::1");
    CHECK(moved->metrics_port == 9000);
    for (const char* wrong : {"9000", "::1:9000", "example.org:9000", "127.0.0.1:0"}) {
        CHECK_FALSE(parse_mcud_config("[mcud]\nmetrics = \"" + std::string(wrong) + "\"\n", "t"));
    }
}

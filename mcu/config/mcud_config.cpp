#include "mcu/config/mcud_config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "common/toml_config.h"

namespace mcu {

using common::PictureSize;
using common::TomlDocument;
using common::TomlSection;

namespace {

constexpr int kTicksPerSecond = 30;

bool is_numeric_address(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> scratch{};
    return inet_pton(AF_INET, text.c_str(), scratch.data()) == 1 ||
           inet_pton(AF_INET6, text.c_str(), scratch.data()) == 1;
}

template <typename Number>
std::optional<Number> whole(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

void read_media_ports(TomlSection& section, McudConfig& config) {
    const std::string text = section.text("media_ports", "");
    if (text.empty()) return;
    const std::size_t dash = text.find('-');
    const auto first = whole<std::uint16_t>(std::string_view(text).substr(0, dash));
    const auto last = dash == std::string::npos
                          ? std::nullopt
                          : whole<std::uint16_t>(std::string_view(text).substr(dash + 1));
    if (!first || !last || *first < 1024 || *last <= *first) {
        section.problem("media_ports", "found \"" + text +
                                           "\", expected \"FIRST-LAST\", ports from 1024 to 65535");
        return;
    }
    config.first_media_port = *first;
    config.last_media_port = *last;
}

/// "127.0.0.1:8061", "[::1]:8061", "off".
void read_metrics(TomlSection& section, McudConfig& config) {
    const std::string text = section.text("metrics", "");
    if (text.empty()) return;
    if (text == "off") {
        config.metrics_port = 0;
        return;
    }
    const std::size_t colon = text.rfind(':');
    const auto port = colon == std::string::npos
                          ? std::nullopt
                          : whole<std::uint16_t>(std::string_view(text).substr(colon + 1));
    std::string host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string::npos)
        host.clear();  // an IPv6 address without brackets: where does it end?
    if (!port || *port == 0 || !is_numeric_address(host)) {
        section.problem("metrics", "found \"" + text + "\", expected \"ADDRESS:PORT\" or \"off\"");
        return;
    }
    config.metrics_host = host;
    config.metrics_port = *port;
}

void read_mcud(TomlSection section, McudConfig& config) {
    config.control = section.text("control", config.control);
    if (!config.control.starts_with("unix:") || config.control.size() == 5) {
        section.problem("control", "found \"" + config.control + "\", expected \"unix:PATH\"");
    }
    read_media_ports(section, config);
    read_metrics(section, config);
    config.media_address = section.text("media_address", config.media_address);
    if (!config.media_address.empty() && !is_numeric_address(config.media_address)) {
        section.problem("media_address", "found \"" + config.media_address +
                                             "\", expected a numeric IPv4 or IPv6 address");
    }
    config.net_threads =
        static_cast<unsigned>(section.integer("net_threads", config.net_threads, 1, 64));
    config.media_threads =
        static_cast<unsigned>(section.integer("media_threads", config.media_threads, 0, 256));
    config.layouts_folder = section.text("layouts", config.layouts_folder);
    config.max_sessions = static_cast<std::size_t>(
        section.integer("max_sessions", static_cast<std::int64_t>(config.max_sessions), 1, 500));
    config.load_limit =
        static_cast<double>(section.integer("load_limit_percent", 100, 0, 100)) / 100;
    config.picture_memory_mib = static_cast<std::size_t>(section.integer(
        "picture_memory_mib", static_cast<std::int64_t>(config.picture_memory_mib), 64, 1 << 16));
    const auto orphan_s = std::chrono::duration_cast<std::chrono::seconds>(config.orphan_timeout);
    config.orphan_timeout =
        std::chrono::seconds(section.integer("orphan_timeout_s", orphan_s.count(), 1, 86400));
    constexpr std::array<std::string_view, 5> levels{"trace", "debug", "info", "warning", "error"};
    config.log_level = section.choice("log_level", config.log_level, levels);
}

PictureSize read_size(TomlSection& section) {
    section.require("size");
    const std::string text = section.text("size", "");
    const std::size_t x = text.find('x');
    const auto width = whole<int>(std::string_view(text).substr(0, x));
    const auto height =
        x == std::string::npos ? std::nullopt : whole<int>(std::string_view(text).substr(x + 1));
    const bool good = width && height && *width >= 64 && *height >= 64 && *width <= 1920 &&
                      *height <= 1920 && *width % 2 == 0 && *height % 2 == 0;
    if (good) return {*width, *height};
    if (!text.empty())
        section.problem("size",
                        "found \"" + text + "\", expected \"WIDTHxHEIGHT\", even, from 64 to 1920");
    return {};
}

mixer::Rung read_rung(TomlSection& section) {
    mixer::Rung rung;
    section.require("name");
    rung.name = section.text("name", "");
    rung.size = read_size(section);
    rung.frames_per_second =
        static_cast<int>(section.integer("fps", kTicksPerSecond, 1, kTicksPerSecond));
    if (kTicksPerSecond % rung.frames_per_second != 0) {
        section.problem("fps", "found " + std::to_string(rung.frames_per_second) +
                                   ", expected a divisor of 30");
    }
    section.require("bitrate_kbps");
    rung.bitrate = common::Bitrate::from_kbps(section.integer("bitrate_kbps", 1000, 16, 20000));
    return rung;
}

void read_rungs(TomlSection& root, McudConfig& config) {
    std::vector<mixer::Rung> rungs;
    std::set<std::string> names;
    for (TomlSection& section : root.sections("rungs")) {
        rungs.push_back(read_rung(section));
        if (!names.insert(rungs.back().name).second) {
            section.problem("name", "\"" + rungs.back().name + "\" names two rungs");
        }
    }
    if (rungs.empty()) return;
    std::ranges::sort(rungs, std::greater(), &mixer::Rung::bitrate);
    config.rungs = std::move(rungs);
}

common::Result<McudConfig> read(TomlDocument document) {
    McudConfig config;
    TomlSection root = document.root();
    for (const std::string_view key : {"signald", "room", "template", "auto_create"})
        root.leave(key);
    read_mcud(root.section("mcud"), config);
    read_rungs(root, config);
    document.reject_unknown_keys();
    if (auto verdict = document.verdict(); !verdict) return tl::unexpected(verdict.error());
    return config;
}

}  // namespace

common::Result<McudConfig> load_mcud_config(const std::string& path) {
    return read(TomlDocument::load(path));
}

common::Result<McudConfig> parse_mcud_config(std::string_view text, const std::string& file) {
    return read(TomlDocument::parse(text, file));
}

}  // namespace mcu

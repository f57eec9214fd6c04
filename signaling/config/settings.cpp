#include "signaling/config/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <utility>

#include "common/toml_config.h"

namespace signaling {
namespace {

using common::TomlDocument;
using common::TomlSection;

constexpr std::array<std::string_view, 3> kSelfViews{"layout", "show", "hide"};
constexpr std::array<std::string_view, 5> kLogLevels{"trace", "debug", "info", "warning", "error"};
constexpr std::size_t kLongestRoomName = 128;

// "1280x720": both even, as every picture we make.
std::optional<common::PictureSize> parse_size(std::string_view text) {
    const std::size_t x = text.find('x');
    if (x == std::string_view::npos) return std::nullopt;
    common::PictureSize size;
    const char* end = text.data() + text.size();
    const auto width = std::from_chars(text.data(), text.data() + x, size.width);
    const auto height = std::from_chars(text.data() + x + 1, end, size.height);
    if (width.ec != std::errc() || width.ptr != text.data() + x) return std::nullopt;
    if (height.ec != std::errc() || height.ptr != end) return std::nullopt;
    const int longer = std::max(size.width, size.height);
    const int shorter = std::min(size.width, size.height);
    const bool fits = longer >= 160 && longer <= 1920 && shorter >= 90 && shorter <= 1088;
    if (!fits || size.width % 2 != 0 || size.height % 2 != 0) return std::nullopt;
    return size;
}

std::string found(const std::string& text, const std::string& expected) {
    return "found \"" + text + "\", expected " + expected;
}

// Typed by people, and told from a token by its letters.
bool is_pin(std::string_view text) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    return text.size() >= 4 && text.size() <= 32 &&
           text.find_first_not_of(kAllowed) == std::string_view::npos;
}

// What [[room]] and [template] have in common.
RoomSettings read_policy(TomlSection& section) {
    RoomSettings room;
    room.layout = section.text("layout", room.layout);
    if (room.layout.empty())
        section.problem("layout", found("", "the name of a layout, such as auto"));
    room.max_participants =
        static_cast<int>(section.integer("max_participants", room.max_participants, 1, 1000));
    const std::string self_view = section.choice("self_view", "layout", kSelfViews);
    if (self_view == "show") room.self_view = SelfView::Show;
    if (self_view == "hide") room.self_view = SelfView::Hide;
    room.noise_suppression = section.boolean("noise_suppression", room.noise_suppression);
    room.level_voices = section.boolean("level_voices", room.level_voices);
    room.token_required = section.boolean("token_required", room.token_required);
    room.pin = section.text("pin", "");
    if (section.has("pin") && !is_pin(room.pin))
        section.mismatch("pin", "4 to 32 letters and digits");
    const std::string size_text = section.text("max_size", "1280x720");
    if (const auto size = parse_size(size_text)) {
        room.max_size = *size;
    } else {
        section.problem(
            "max_size",
            found(size_text,
                  "even WIDTHxHEIGHT from 160x90 to 1920x1088 or upright, such as 1280x720"));
    }
    return room;
}

void read_rooms(TomlSection root, Settings& settings) {
    std::map<std::string, std::uint32_t> line_of_id;
    for (TomlSection& section : root.sections("room")) {
        RoomSettings room = read_policy(section);
        section.require("id");
        room.id = section.text("id", "");
        room.name = section.text("name", room.id);
        if ((section.has("name") && room.name.empty()) || room.name.size() > kLongestRoomName) {
            section.problem("name", found(room.name, "1 to 128 bytes of text"));
        }
        if (!room.id.empty() || section.has("id")) {
            if (!is_room_id(room.id)) {
                section.problem("id", found(room.id, "1 to 64 letters, digits, '-', '_' or '.'"));
            }
            const auto [first, is_new] = line_of_id.try_emplace(room.id, section.line());
            if (!is_new) {
                section.problem(
                    "id", "found \"" + room.id +
                              "\" a second time, expected each room once; the first is in line " +
                              std::to_string(first->second));
            }
        }
        settings.rooms.push_back(std::move(room));
    }
}

void read_certificate(TomlSection& section, Settings& settings) {
    settings.make_certificate =
        !section.has("certificate_file") && !section.has("private_key_file");
    settings.certificate_file = section.text("certificate_file", settings.certificate_file);
    settings.private_key_file = section.text("private_key_file", settings.private_key_file);
    if (settings.make_certificate) return;
    section.require("certificate_file");
    section.require("private_key_file");
    if (settings.certificate_file.empty() && section.has("certificate_file"))
        section.problem("certificate_file", found("", "the path of a PEM file"));
    if (settings.private_key_file.empty() && section.has("private_key_file"))
        section.problem("private_key_file", found("", "the path of a PEM file"));
}

void read_api(TomlSection& section, Settings& settings) {
    const std::string text = section.text("api", to_string(settings.api));
    const auto address = parse_address(text);
    // Its token travels in clear: it stays on this machine.
    if (address && (address->host.starts_with("127.") || address->host == "::1")) {
        settings.api = *address;
    } else {
        section.problem("api",
                        found(text, "a loopback address and a port, such as 127.0.0.1:8060"));
    }
}

void read_metrics(TomlSection& section, Settings& settings) {
    const std::string text = section.text("metrics", to_string(*settings.metrics));
    settings.metrics = text == "off" ? std::nullopt : parse_address(text);
    if (text != "off" && !settings.metrics)
        section.problem("metrics",
                        found(text, "an address and a port, such as 127.0.0.1:8062, or off"));
}

void read_https(TomlSection& section, Settings& settings) {
    const std::string text = section.text("https", "off");
    settings.https = text == "off" ? std::nullopt : parse_address(text);
    if (text != "off" && !settings.https)
        section.problem("https",
                        found(text, "an address and a port, such as 0.0.0.0:8443, or off"));
    settings.page_folder = section.text("page", settings.page_folder);
    if (section.has("page") && settings.page_folder.empty())
        section.problem("page", found("", "the path of a folder with an index.html"));
}

void read_limits(TomlSection& section, SipLimits& limits) {
    limits.requests_per_second = static_cast<int>(
        section.integer("requests_per_second", limits.requests_per_second, 1, 100'000));
    limits.request_burst =
        static_cast<int>(section.integer("request_burst", limits.request_burst, 1, 1'000'000));
    limits.max_unadmitted_calls = static_cast<int>(
        section.integer("max_unadmitted_calls", limits.max_unadmitted_calls, 1, 100'000));
    limits.max_message_bytes = static_cast<std::size_t>(
        section.integer("max_message_bytes", static_cast<std::int64_t>(limits.max_message_bytes),
                        4096, std::int64_t{1024} * 1024));
    limits.max_connections =
        static_cast<int>(section.integer("max_connections", limits.max_connections, 1, 100'000));
    limits.max_connections_per_source = static_cast<int>(section.integer(
        "max_connections_per_source", limits.max_connections_per_source, 1, 100'000));
    const auto idle_s = std::chrono::duration_cast<std::chrono::seconds>(limits.connection_idle);
    limits.connection_idle =
        std::chrono::seconds(section.integer("connection_idle_s", idle_s.count(), 1, 86'400));
}

void read_signald(TomlSection section, Settings& settings) {
    settings.listeners = read_listeners(section, settings.listeners);
    read_certificate(section, settings);
    settings.public_address = section.text("public_address", "");
    if (!settings.public_address.empty() && !is_numeric_address(settings.public_address)) {
        section.problem("public_address",
                        found(settings.public_address, "a numeric address, such as 203.0.113.5"));
    }
    read_api(section, settings);
    read_metrics(section, settings);
    read_https(section, settings);
    settings.token_file = section.text("token_file", settings.token_file);
    if (settings.token_file.empty()) section.problem("token_file", found("", "the path of a file"));
    settings.join_keys = section.texts("join_keys", {});
    for (std::size_t i = 0; i < settings.join_keys.size(); ++i) {
        if (settings.join_keys[i].empty())
            section.problem("join_keys", found("", "the path of a PEM file"), i);
    }
    settings.dialog_journal = section.text("dialog_journal", settings.dialog_journal);
    settings.metadata = section.text("metadata", settings.metadata);
    const bool is_file = settings.metadata.starts_with("sqlite:") && settings.metadata.size() > 7;
    const bool is_server = settings.metadata.starts_with("postgresql://");
    if (!is_file && !is_server && !settings.metadata.empty() && settings.metadata != "off") {
        section.problem("metadata",
                        found(settings.metadata, "sqlite:PATH, postgresql://... or off"));
    }
    settings.mcud = section.text("mcud", settings.mcud);
    if (!settings.mcud.starts_with("unix:") || settings.mcud.size() == 5) {
        section.problem("mcud",
                        found(settings.mcud, "unix: and the path of mcud's control socket"));
    }
    read_limits(section, settings.limits);
    settings.log_level = section.choice("log_level", settings.log_level, kLogLevels);
    const auto in_seconds = [](common::Duration setting) {
        return std::chrono::duration_cast<std::chrono::seconds>(setting).count();
    };
    settings.session_timer = std::chrono::seconds(
        section.integer("session_timer_s", in_seconds(settings.session_timer), 90, 86400));
    settings.media_timeout = std::chrono::seconds(
        section.integer("media_timeout_s", in_seconds(settings.media_timeout), 1, 86400));
    settings.hold_timeout = std::chrono::seconds(
        section.integer("hold_timeout_s", in_seconds(settings.hold_timeout), 1, 86400));
}

common::Result<Settings> read(TomlDocument document) {
    Settings settings;
    TomlSection root = document.root();
    root.leave("mcud");
    root.leave("rungs");
    read_signald(root.section("signald"), settings);
    TomlSection room_template = root.section("template");
    settings.auto_create = room_template.boolean("auto_create", settings.auto_create);
    settings.room_template = read_policy(room_template);
    read_rooms(root, settings);
    document.reject_unknown_keys();
    if (const auto verdict = document.verdict(); !verdict) return tl::unexpected(verdict.error());
    return settings;
}

}  // namespace

std::vector<ListenerSettings> default_listeners() {
    std::vector<ListenerSettings> listeners;
    for (const char* host : {"0.0.0.0", "::"}) {
        ListenerSettings open;
        open.transports = {SipTransport::Udp, SipTransport::Tcp};
        open.at = {host, 5060};
        ListenerSettings tls;
        tls.transports = {SipTransport::Tls};
        tls.at = {host, 5061};
        listeners.push_back(std::move(open));
        listeners.push_back(std::move(tls));
    }
    return listeners;
}

bool is_room_id(std::string_view text) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of(kAllowed) == std::string_view::npos;
}

common::Result<Settings> load_settings(const std::string& path) {
    return read(TomlDocument::load(path));
}

common::Result<Settings> parse_settings(std::string_view text, const std::string& file) {
    return read(TomlDocument::parse(text, file));
}

std::optional<RoomSettings> find_room(const Settings& settings, std::string_view room_id) {
    const auto room = std::ranges::find(settings.rooms, room_id, &RoomSettings::id);
    if (room != settings.rooms.end()) return *room;
    if (!settings.auto_create || !is_room_id(room_id)) return std::nullopt;
    RoomSettings made = settings.room_template;
    made.id = made.name = std::string(room_id);
    return made;
}

bool is_guarded(const RoomSettings& room) {
    return room.token_required || !room.pin.empty();
}

std::string own_join_key(const std::string& token_file) {
    return (std::filesystem::path(token_file).parent_path() / "join_key.pem").string();
}

std::vector<std::string> needs_restart(const Settings& running, const Settings& read) {
    std::vector<std::string> names;
    if (running.listeners != read.listeners) names.emplace_back("signald.sip or signald.listener");
    if (running.public_address != read.public_address) names.emplace_back("signald.public_address");
    if (running.certificate_file != read.certificate_file ||
        running.private_key_file != read.private_key_file) {
        names.emplace_back("signald.certificate_file or signald.private_key_file");
    }
    if (running.session_timer != read.session_timer) names.emplace_back("signald.session_timer_s");
    if (running.limits != read.limits) {
        names.emplace_back(
            "signald.requests_per_second, request_burst, max_unadmitted_calls, max_message_bytes, "
            "max_connections, max_connections_per_source or connection_idle_s");
    }
    if (running.api != read.api) names.emplace_back("signald.api");
    if (running.https != read.https) names.emplace_back("signald.https");
    if (running.metrics != read.metrics) names.emplace_back("signald.metrics");
    if (running.token_file != read.token_file) names.emplace_back("signald.token_file");
    if (running.dialog_journal != read.dialog_journal) names.emplace_back("signald.dialog_journal");
    if (running.metadata != read.metadata) names.emplace_back("signald.metadata");
    if (running.mcud != read.mcud) names.emplace_back("signald.mcud");
    return names;
}

}  // namespace signaling

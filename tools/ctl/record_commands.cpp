#include "tools/ctl/record_commands.h"

#include <array>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "tools/ctl/api_client.h"
#include "tools/ctl/text_line.h"

namespace ctl {
namespace {

using common::ErrorCode;
using common::Result;
using nlohmann::json;

constexpr std::array kTimes{"joined_ms", "left_ms"};
constexpr std::array kColumns{"id",
                              "meeting",
                              "room",
                              "name",
                              "uri",
                              "protocol",
                              "transport",
                              "remote_address",
                              "user_agent",
                              "joined_ms",
                              "left_ms",
                              "cause",
                              "ending",
                              "audio_codec",
                              "video_codec",
                              "packets_received",
                              "packets_lost",
                              "jitter_ms",
                              "round_trip_ms",
                              "remote_loss_percent",
                              "concealed_percent",
                              "freezes"};

std::string time_text(std::int64_t ms) {
    const std::time_t seconds = ms / 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    return text_line("%s.%03dZ", text.data(), static_cast<int>(ms % 1000));
}

std::string compact(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// JSON escapes line ends and tabs: an event stays on its line, whatever somebody calls himself.
std::string line_of(const json& event) {
    const auto whom = event.at("participant").get<std::string>();
    return std::to_string(event.at("seq").get<std::int64_t>()) + '\t' +
           time_text(event.at("at_ms").get<std::int64_t>()) + '\t' +
           event.at("kind").get<std::string>() + '\t' + (whom.empty() ? "-" : whom) + "\tby " +
           event.at("actor").get<std::string>() + '\t' + compact(event.at("detail")) + '\n';
}

std::string cell(std::string text) {
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
        text.insert(0, 1, '\'');
    if (text.find_first_of("\",\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

bool is_time(std::string_view column) {
    for (const std::string_view time : kTimes) {
        if (time == column) return true;
    }
    return false;
}

std::string row_of(const json& call) {
    std::string row;
    for (const char* column : kColumns) {
        const json& value = call.at(column);
        if (!row.empty()) row += ',';
        if (value.is_null()) continue;
        if (is_time(column)) {
            row += time_text(value.get<std::int64_t>());
        } else {
            row += value.is_string() ? cell(value.get<std::string>()) : compact(value);
        }
    }
    return row + "\r\n";
}

std::string headings() {
    std::string line;
    for (std::string column : kColumns) {
        if (is_time(column)) column.resize(column.size() - 3);  // without its unit: it is a date
        line += (line.empty() ? "" : ",") + column;
    }
    return line + "\r\n";
}

/// Prints a page of `path`'s answer, `text_of` each entry of `list`, and returns it.
Result<json> print_page(const Get& get, const Print& print, const std::string& path,
                        const char* list, std::string (*text_of)(const json&)) {
    const auto body = get(path);
    if (!body) return tl::unexpected(body.error());
    json page = json::parse(*body, nullptr, false);
    std::string text;
    try {
        for (const json& entry : page.at(list)) text += text_of(entry);
        static_cast<void>(page.at("next"));
    } catch (const json::exception& unexpected) {
        return common::fail(ErrorCode::Internal,
                            path + ": the answer is not what this version of tesseractl expects: " +
                                unexpected.what());
    }
    if (!text.empty() && !print(text)) page["next"] = "nobody reads";
    return page;
}

}  // namespace

Result<std::string> print_events(const Get& get, const Pause& pause, const Print& print,
                                 const std::string& room, bool follow) {
    std::int64_t after = 0;
    while (true) {
        const auto page = print_page(
            get, print,
            "/v1/rooms/" + ApiClient::segment(room) + "/events?after=" + std::to_string(after),
            "events", line_of);
        if (!page) return tl::unexpected(page.error());
        const json& events = page->at("events");
        if (page->at("next").is_string()) return std::string();
        if (!events.empty()) after = events.back().at("seq").get<std::int64_t>();
        if (!page->at("next").is_null()) continue;
        if (!follow) return std::string();
        pause(std::chrono::seconds(1));
    }
}

Result<std::string> export_calls(const Get& get, const Print& print, const CallsWanted& wanted) {
    std::string conditions = "&from_ms=" + std::to_string(wanted.from_ms);
    if (wanted.before_ms) conditions += "&before_ms=" + std::to_string(*wanted.before_ms);
    if (!wanted.room.empty()) conditions += "&room=" + ApiClient::segment(wanted.room);
    std::string after;
    if (!print(headings())) return std::string();
    while (true) {
        const auto page =
            print_page(get, print, "/v1/calls?after=" + after + conditions, "calls", row_of);
        if (!page) return tl::unexpected(page.error());
        const json& next = page->at("next");
        if (next.is_null() || next == "nobody reads") return std::string();
        after = next.get<std::string>();
    }
}

std::optional<std::int64_t> parse_time(const std::string& text) {
    std::tm utc{};
    const char* end = nullptr;
    for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"}) {
        utc = {};
        end = strptime(text.c_str(), format, &utc);
        if (end != nullptr) break;
    }
    if (end == nullptr || (*end != '\0' && std::string_view(end) != "Z")) return std::nullopt;
    return std::int64_t{timegm(&utc)} * 1000;
}

}  // namespace ctl

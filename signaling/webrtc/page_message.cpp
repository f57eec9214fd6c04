#include "signaling/webrtc/page_message.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace signaling {
namespace {

using nlohmann::json;

constexpr int kDeepest = 16;
constexpr std::uint16_t kBroken = 4001;
constexpr std::uint64_t kMostNumber = 9007199254740991;  // what JavaScript counts exactly

enum class Kind : std::uint8_t { Text, TextOrNull, Texts, Boolean, BooleanOrNull, Number, Word };

/// One member as docs/websocket.schema.json has it.
struct Member {
    const char* name;
    Kind kind;
    bool wanted = false;
    std::size_t least = 0;  ///< characters of a text
    std::size_t most = 0;   ///< the same; of texts: how many
    std::vector<std::string_view> words = {};
};

const std::map<std::string_view, std::vector<Member>>& types() {
    static const std::map<std::string_view, std::vector<Member>> all{
        {"ack", {{.name = "ack", .kind = Kind::Number, .wanted = true}}},
        {"join",
         {{.name = "room", .kind = Kind::Text, .wanted = true, .least = 1, .most = 128},
          {.name = "name", .kind = Kind::Text, .wanted = true, .least = 1, .most = 100},
          {.name = "token", .kind = Kind::Text, .least = 1, .most = 4096},
          {.name = "pin", .kind = Kind::Text, .least = 1, .most = 32},
          {.name = "seat", .kind = Kind::Text, .least = 1, .most = 128},
          {.name = "offer", .kind = Kind::Text, .least = 1, .most = 65536},
          {.name = "device", .kind = Kind::Word, .words = {"desktop", "phone", "tablet"}},
          {.name = "portrait", .kind = Kind::Boolean},
          {.name = "client", .kind = Kind::Text, .least = 1, .most = 200}}},
        {"leave", {}},
        {"offer", {{.name = "sdp", .kind = Kind::Text, .wanted = true, .least = 1, .most = 65536}}},
        {"answer",
         {{.name = "re", .kind = Kind::Number, .wanted = true},
          {.name = "sdp", .kind = Kind::Text, .wanted = true, .least = 1, .most = 65536}}},
        {"trickle",
         {{.name = "ufrag", .kind = Kind::Text, .wanted = true, .least = 4, .most = 256},
          {.name = "mid", .kind = Kind::Text, .least = 1, .most = 32},
          {.name = "candidates", .kind = Kind::Texts, .wanted = true, .most = 32},
          {.name = "end", .kind = Kind::Boolean}}},
        {"mute",
         {{.name = "target", .kind = Kind::Text, .least = 1, .most = 64},
          {.name = "audio", .kind = Kind::Boolean},
          {.name = "video", .kind = Kind::Boolean}}},
        {"layouts", {}},
        {"layout",
         {{.name = "scope", .kind = Kind::Word, .wanted = true, .words = {"me", "room"}},
          {.name = "name", .kind = Kind::TextOrNull, .wanted = true, .least = 1, .most = 64}}},
        {"hand",
         {{.name = "raised", .kind = Kind::Boolean, .wanted = true},
          {.name = "target", .kind = Kind::Text, .least = 1, .most = 64}}},
        {"chat",
         {{.name = "text", .kind = Kind::Text, .wanted = true, .least = 1, .most = 2000},
          {.name = "key", .kind = Kind::Text, .least = 1, .most = 64}}},
        {"content",
         {{.name = "action",
           .kind = Kind::Word,
           .wanted = true,
           .words = {"start", "stop", "take", "allow", "refuse"}},
          {.name = "mid", .kind = Kind::Text, .least = 1, .most = 32}}},
        {"view",
         {{.name = "portrait", .kind = Kind::Boolean},
          {.name = "visible", .kind = Kind::Boolean},
          {.name = "self", .kind = Kind::BooleanOrNull}}}};
    return all;
}

/// Brackets outside of strings; what is no JSON is counted, too, and refused later.
bool too_deep(std::string_view text) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\') {
            ++i;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '{' || c == '[')) {
            if (++depth > kDeepest) return true;
        } else if (!quoted && (c == '}' || c == ']')) {
            --depth;
        }
    }
    return false;
}

// As JSON Schema counts: code points.
std::size_t length_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

bool is_number(const json& value) {
    return value.is_number_unsigned() && value.get<std::uint64_t>() <= kMostNumber;
}

bool fits_text(const json& value, const Member& member) {
    if (!value.is_string()) return false;
    const std::size_t length = length_of(value.get_ref<const std::string&>());
    return length >= member.least && length <= member.most;
}

bool fits_texts(const json& value, const Member& member) {
    constexpr Member kEach{
        .name = "", .kind = Kind::Text, .wanted = false, .least = 1, .most = 512};
    return value.is_array() && value.size() <= member.most &&
           std::ranges::all_of(value, [&](const json& each) { return fits_text(each, kEach); });
}

bool fits(const json& value, const Member& member) {
    switch (member.kind) {
        case Kind::Text:
            return fits_text(value, member);
        case Kind::TextOrNull:
            return value.is_null() || fits_text(value, member);
        case Kind::Texts:
            return fits_texts(value, member);
        case Kind::Boolean:
            return value.is_boolean();
        case Kind::BooleanOrNull:
            return value.is_null() || value.is_boolean();
        case Kind::Number:
            return is_number(value);
        case Kind::Word:
            return value.is_string() &&
                   std::ranges::find(member.words, value.get_ref<const std::string&>()) !=
                       member.words.end();
    }
    return false;
}

PageFault broken(std::string text) {
    return {kBroken, "bad_message", std::move(text), 0};
}

/// Empty: all is well. `too_long` is a code of its own for what people typed.
std::string wrong_member(const json& body, const std::vector<Member>& members) {
    for (const Member& member : members) {
        const auto found = body.find(member.name);
        if (found == body.end()) {
            if (member.wanted) return std::string(member.name) + " is missing";
        } else if (!fits(*found, member)) {
            return std::string(member.name) + " is not what it should be";
        }
    }
    return "";
}

bool chat_too_long(const std::string& type, const json& body) {
    const auto text = body.find("text");
    return type == "chat" && text != body.end() && text->is_string() &&
           length_of(text->get_ref<const std::string&>()) > 2000;
}

}  // namespace

struct PageMessage::Body {
    json said;
};

bool PageMessage::has(std::string_view member) const {
    return body->said.contains(member);
}

bool PageMessage::is_null(std::string_view member) const {
    return has(member) && body->said.at(std::string(member)).is_null();
}

std::string PageMessage::text(std::string_view member) const {
    const auto found = body->said.find(member);
    return found == body->said.end() || !found->is_string() ? "" : found->get<std::string>();
}

bool PageMessage::flag(std::string_view member) const {
    const auto found = body->said.find(member);
    return found != body->said.end() && found->is_boolean() && found->get<bool>();
}

tl::expected<PageMessage, PageFault> read_page_message(const std::string& text) {
    if (too_deep(text)) return tl::unexpected(broken("nested more than 16 deep"));
    json parsed = json::parse(text, nullptr, false);
    if (!parsed.is_object()) return tl::unexpected(broken("not a JSON object"));
    const auto type = parsed.find("type");
    if (type == parsed.end() || !type->is_string()) return tl::unexpected(broken("no type"));
    PageMessage message;
    message.type = type->get<std::string>();
    const auto ack = parsed.find("ack");
    if (ack != parsed.end()) {
        if (!is_number(*ack)) return tl::unexpected(broken("ack is no number"));
        message.ack = ack->get<std::uint64_t>();
    }
    if (message.type != "ack") {
        const auto n = parsed.find("n");
        if (n == parsed.end() || !is_number(*n) || n->get<std::uint64_t>() == 0) {
            return tl::unexpected(broken("n is no number from 1 on"));
        }
        message.n = n->get<std::uint64_t>();
    }
    const auto known = types().find(message.type);
    if (known == types().end()) {
        return tl::unexpected(
            PageFault{0, "unknown_type", "there is no such type of message", message.n});
    }
    if (chat_too_long(message.type, parsed)) {
        return tl::unexpected(PageFault{0, "too_long", "more than 2000 characters", message.n});
    }
    std::string wrong = wrong_member(parsed, known->second);
    if (wrong.empty() && message.type == "mute" && !parsed.contains("audio") &&
        !parsed.contains("video")) {
        wrong = "neither audio nor video";
    }
    if (!wrong.empty()) {
        return tl::unexpected(PageFault{0, "bad_message", message.type + ": " + wrong, message.n});
    }
    message.body = std::make_shared<PageMessage::Body>(PageMessage::Body{std::move(parsed)});
    return message;
}

}  // namespace signaling
